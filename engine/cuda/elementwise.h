// Operations that take one value after the other: batch norm, activations, sums, and their
// gradients.
#pragma once

#include <cmath>
#include <cstdint>
#include <variant>

#include "engine/cuda/host_device.h"
#include "engine/cuda/launch_site.h"
#include "engine/graph/activation.h"
#include "engine/graph/op.h"

namespace apatite::engine::cuda {

// The activation of a value that is not -0.
APATITE_HOST_DEVICE inline float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::kIdentity:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0.0F : x;
  }
  return x;
}

// y = fma(x, scale, shift) + 0 by channel , then the activation; a batch norm, or the gradient of
// one with shifts of +0.
struct AffineOp {
  const float* x;
  const float* scale;
  const float* shift;
  float* y;
  Dense shape;
  Activation activation;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i / shape.plane();
    const float value = fmaf(x[i], scale[channel], shift[channel]) + 0.0F;
    check_finite(value, status);
    y[i] = activate(activation, value);
  }
};

struct AddOp {
  const float* a;
  const float* b;
  float* y;
  std::int64_t size;
  Activation activation;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const float value = a[i] + b[i];
    check_finite(value, status);
    y[i] = activate(activation, value);
  }
};

// y = fma(branch, scale, x) + 0, then the activation.
struct ScaledAddOp {
  const float* x;
  const float* branch;
  float scale;
  float* y;
  std::int64_t size;
  Activation activation;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const float value = fmaf(branch[i], scale, x[i]) + 0.0F;
    check_finite(value, status);
    y[i] = activate(activation, value);
  }
};

struct ScaledAddGradOp {
  const float* g;
  float scale;
  float* gx;
  std::int64_t size;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    gx[i] = g[i] * scale + 0.0F;
    check_finite(gx[i], status);
  }
};

struct ActivateOp {
  const float* x;
  float* y;
  std::int64_t size;
  Activation activation;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = activate(activation, x[i]); }
};

struct ReluGradOp {
  const float* g;
  const float* y;
  float* gx;
  std::int64_t size;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { gx[i] = y[i] > 0 ? g[i] : 0.0F; }
};

using ElementwiseLaunch =
    std::variant<AffineOp, AddOp, ActivateOp, ReluGradOp, ScaledAddOp, ScaledAddGradOp>;

inline AffineOp affine_of(const LaunchSite& at) {
  return {at.x[0], at.scale, at.shift, at.y, at.y_shape, at.activation, at.status};
}
inline AffineOp launch_of(const BatchNorm& /*op*/, const LaunchSite& at) { return affine_of(at); }
inline AffineOp launch_of(const BatchNormGrad& /*op*/, const LaunchSite& at) {
  return affine_of(at);
}
inline ActivateOp launch_of(const Relu& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.y, at.y_shape.count(), Activation::kRelu};
}
inline ReluGradOp launch_of(const ReluGrad& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.x[1], at.y, at.y_shape.count()};
}
inline AddOp launch_of(const Add& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.x[1], at.y, at.y_shape.count(), at.activation, at.status};
}
inline ScaledAddOp launch_of(const ScaledAdd& op, const LaunchSite& at) {
  return {at.x[0], at.x[1], op.scale, at.y, at.y_shape.count(), at.activation, at.status};
}
inline ScaledAddGradOp launch_of(const ScaledAddGrad& op, const LaunchSite& at) {
  return {at.x[0], op.forward.scale, at.y, at.y_shape.count(), at.status};
}

}  // namespace apatite::engine::cuda
