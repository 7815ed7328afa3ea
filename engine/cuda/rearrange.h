// Operations that move values and compute nothing: the input, the outputs, copies, subsampling with
// padding, and its gradient. (A concatenation is a copy for each part that does not lie in its
// place already. A slice is a part of what it is cut from: with one channel to a block it needs no
// launch.)
#pragma once

#include <cstdint>
#include <variant>

#include "engine/cuda/host_device.h"
#include "engine/cuda/launch_site.h"
#include "engine/graph/op.h"

namespace apatite::engine::cuda {

// The batch, image by image, to one value; -0 becomes +0.
struct ReadInput {
  const float* input;
  float* y;
  Dense shape;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t map = i / shape.pixels();
    const std::int64_t from = (map % shape.images) * shape.channels + map / shape.images;
    const float x = input[from * shape.pixels() + i % shape.pixels()];
    check_finite(x, status);
    y[i] = x + 0.0F;
  }
};

// A value to the batch of an output, image by image.
struct WriteOutput {
  const float* x;
  float* output;
  Dense shape;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t map = i / shape.pixels();
    const std::int64_t from = (map % shape.channels) * shape.images + map / shape.channels;
    output[i] = x[from * shape.pixels() + i % shape.pixels()];
  }
};

struct CopyValue {
  const float* x;
  float* y;
  std::int64_t size;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = x[i]; }
};

struct SubsamplePadOp {
  SubsamplePad op;
  const float* x;
  float* y;
  Dense in;
  Dense out;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const std::int64_t map = at.map - op.channels_before * out.images;
    const bool inside = map >= 0 && map < in.channels * in.images;
    y[i] = inside ? x[(map * in.height + at.row * op.stride) * in.width + at.column * op.stride]
                  : 0.0F;
  }
};

struct SubsamplePadGradOp {
  SubsamplePad op;
  const float* g;
  float* gx;
  Dense of_g;
  Dense in;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const std::int64_t map = at.map + op.channels_before * in.images;
    const bool taken = at.row % op.stride == 0 && at.column % op.stride == 0;
    gx[i] = taken ? g[(map * of_g.height + at.row / op.stride) * of_g.width + at.column / op.stride]
                  : 0.0F;
  }
};

using RearrangeLaunch =
    std::variant<ReadInput, WriteOutput, CopyValue, SubsamplePadOp, SubsamplePadGradOp>;

inline ReadInput launch_of(const Input& /*op*/, const LaunchSite& at) {
  return {at.images, at.y, at.y_shape, at.status};
}
inline SubsamplePadOp launch_of(const SubsamplePad& op, const LaunchSite& at) {
  return {op, at.x[0], at.y, at.x_shape[0], at.y_shape};
}
inline SubsamplePadGradOp launch_of(const SubsamplePadGrad& op, const LaunchSite& at) {
  return {op.forward, at.x[0], at.y, at.x_shape[0], at.y_shape};
}

}  // namespace apatite::engine::cuda
