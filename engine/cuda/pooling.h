// Maximum and average pooling, and their gradients.
#pragma once

#include <cstdint>
#include <variant>

#include "engine/cuda/host_device.h"
#include "engine/cuda/launch_site.h"
#include "engine/graph/op.h"
#include "engine/reference/loops.h"

namespace apatite::engine::cuda {

// The outputs along one axis whose windows may hold position `at`: [begin, end).
struct Windows {
  std::int64_t begin;
  std::int64_t end;
};
APATITE_HOST_DEVICE inline Windows windows_over(std::int64_t at, std::int64_t padding,
                                                std::int64_t extent, std::int64_t stride,
                                                std::int64_t count) {
  // Output o covers [o * stride - padding, o * stride - padding + extent).
  const std::int64_t last = (at + padding) / stride;
  const std::int64_t before = at + padding - extent;  // o * stride must be above it
  const std::int64_t first = before < 0 ? 0 : before / stride + 1;
  return {first, last + 1 < count ? last + 1 : count};
}

struct MaxPoolOp {
  MaxPool2d op;
  const float* x;
  float* y;
  Dense in;
  Dense out;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const float* image = x + at.map * in.pixels();
    float best = 0;
    bool first = true;
    reference::for_each_tap(op.kernel, op.dilation, at.row * op.stride.height - op.padding.top,
                            at.column * op.stride.width - op.padding.left, in.height, in.width,
                            [&](std::int64_t row, std::int64_t column) {
                              const float value = image[row * in.width + column];
                              if (first || value > best) best = value;
                              first = false;
                            });
    y[i] = best;
  }
};

struct MaxPoolGradOp {
  MaxPool2d op;
  const float* g;
  const float* x;
  float* gx;
  Dense of_g;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const float* image = x + at.map * in.pixels();
    const Windows rows =
        windows_over(at.row, op.padding.top, (op.kernel.height - 1) * op.dilation.height + 1,
                     op.stride.height, of_g.height);
    const Windows columns =
        windows_over(at.column, op.padding.left, (op.kernel.width - 1) * op.dilation.width + 1,
                     op.stride.width, of_g.width);
    float sum = 0;
    for (std::int64_t oh = rows.begin; oh < rows.end; ++oh) {
      for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
        if (first_maximum(image, oh, ow) != at.row * in.width + at.column) continue;
        sum += g[(at.map * of_g.height + oh) * of_g.width + ow];
      }
    }
    check_finite(sum, status);
    gx[i] = sum;
  }

 private:
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t first_maximum(const float* image, std::int64_t oh,
                                                               std::int64_t ow) const {
    std::int64_t best = -1;
    reference::for_each_tap(op.kernel, op.dilation, oh * op.stride.height - op.padding.top,
                            ow * op.stride.width - op.padding.left, in.height, in.width,
                            [&](std::int64_t row, std::int64_t column) {
                              const std::int64_t tap = row * in.width + column;
                              if (best < 0 || image[tap] > image[best]) best = tap;
                            });
    return best;
  }
};

struct AvgPoolOp {
  AvgPool2d op;
  const float* x;
  float* y;
  Dense in;
  Dense out;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const float* image = x + at.map * in.pixels();
    float sum = 0;
    reference::for_each_tap(
        op.kernel, Extent{}, at.row * op.stride.height - op.padding.top,
        at.column * op.stride.width - op.padding.left, in.height, in.width,
        [&](std::int64_t row, std::int64_t column) { sum += image[row * in.width + column]; });
    const std::int64_t taps = average_taps(op, {in.height, in.width}, {at.row, at.column});
    const float mean = sum / static_cast<float>(taps) + 0.0F;
    check_finite(mean, status);
    y[i] = mean;
  }
};

struct AvgPoolGradOp {
  AvgPool2d op;
  const float* g;
  float* gx;
  Dense of_g;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const Windows rows =
        windows_over(at.row, op.padding.top, op.kernel.height, op.stride.height, of_g.height);
    const Windows columns =
        windows_over(at.column, op.padding.left, op.kernel.width, op.stride.width, of_g.width);
    float sum = 0;
    for (std::int64_t oh = rows.begin; oh < rows.end; ++oh) {
      for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
        const std::int64_t taps = average_taps(op, {in.height, in.width}, {oh, ow});
        sum += g[(at.map * of_g.height + oh) * of_g.width + ow] / static_cast<float>(taps);
      }
    }
    check_finite(sum, status);
    gx[i] = sum;
  }
};

struct GlobalAvgPoolOp {
  const float* x;
  float* y;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.channels * in.images; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const float* image = x + i * in.pixels();
    float sum = 0;
    for (std::int64_t p = 0; p < in.pixels(); ++p) sum += image[p];
    const float mean = sum / static_cast<float>(in.pixels()) + 0.0F;
    check_finite(mean, status);
    y[i] = mean;
  }
};

struct GlobalAvgPoolGradOp {
  const float* g;
  float* gx;
  Dense in;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    gx[i] = g[i / in.pixels()] / static_cast<float>(in.pixels()) + 0.0F;
  }
};

using PoolingLaunch = std::variant<MaxPoolOp, MaxPoolGradOp, AvgPoolOp, AvgPoolGradOp,
                                   GlobalAvgPoolOp, GlobalAvgPoolGradOp>;

inline MaxPoolOp launch_of(const MaxPool2d& op, const LaunchSite& at) {
  return {op, at.x[0], at.y, at.x_shape[0], at.y_shape};
}
inline MaxPoolGradOp launch_of(const MaxPool2dGrad& op, const LaunchSite& at) {
  return {op.forward, at.x[0], at.x[1], at.y, at.x_shape[0], at.y_shape, at.status};
}
inline AvgPoolOp launch_of(const AvgPool2d& op, const LaunchSite& at) {
  return {op, at.x[0], at.y, at.x_shape[0], at.y_shape, at.status};
}
inline AvgPoolGradOp launch_of(const AvgPool2dGrad& op, const LaunchSite& at) {
  return {op.forward, at.x[0], at.y, at.x_shape[0], at.y_shape, at.status};
}
inline GlobalAvgPoolOp launch_of(const GlobalAvgPool& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.y, at.x_shape[0], at.status};
}
inline GlobalAvgPoolGradOp launch_of(const GlobalAvgPoolGrad& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.y, at.y_shape};
}

}  // namespace apatite::engine::cuda
