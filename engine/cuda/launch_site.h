// What the operations on the device share: how a value lies, and where one reads and writes.
#pragma once

#include <cstdint>

#include "engine/cuda/host_device.h"
#include "engine/graph/activation.h"

namespace apatite::engine::cuda {

// The shape of a value for a batch. It lies [channel][image][row][column], dense.
struct Dense {
  std::int64_t channels;
  std::int64_t images;
  std::int64_t height;
  std::int64_t width;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t pixels() const { return height * width; }
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t plane() const { return images * pixels(); }
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return channels * plane(); }
};

// The place of element i of a value: `map` counts its maps (channel, image).
struct Place {
  std::int64_t map;
  std::int64_t row;
  std::int64_t column;
};
APATITE_HOST_DEVICE inline Place place_of(const Dense& shape, std::int64_t i) {
  return {i / shape.pixels(), i % shape.pixels() / shape.width, i % shape.width};
}

// Sets *status where a value is not finite. (The exponent of an infinity or NaN is all ones.)
APATITE_HOST_DEVICE inline void check_finite(float value, std::int32_t* status) {
  if (!(value - value == 0.0F)) *status = 1;
}

// Where an operation reads and writes in one run. All pointers are of the device. Each operation
// has a function launch_of(op, site) in the file of its kind (pooling, elementwise, rearrange,
// score), which returns its launch; program.cc does not compile if one is missing. A launch op
// computes and writes the i-th of op.count() results by op(i), in the order of sums that
// engine/reference/ gives.
struct LaunchSite {
  const float* x[2];  // the inputs, as many as there are
  Dense x_shape[2];
  float* y;
  Dense y_shape;
  const float* scale;  // of a batch norm or of the gradient of one, by channel
  const float* shift;
  Activation activation;        // that follows
  const float* images;          // the batch that the network is given, N x C x H x W
  const std::int64_t* targets;  // by image; null: the predicted classes
  std::int32_t* status;         // set to 1 where a value is not finite
};

}  // namespace apatite::engine::cuda
