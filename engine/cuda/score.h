// The gradient of the score with respect to the logits.
#pragma once

#include <cstdint>
#include <variant>

#include "engine/cuda/host_device.h"
#include "engine/cuda/launch_site.h"
#include "engine/graph/op.h"
#include "engine/graph/score.h"

namespace apatite::engine::cuda {

// One call per image.
struct ScoreGradOp {
  const float* logits;
  const std::int64_t* targets;  // null: the predicted classes
  float* y;
  Dense shape;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.images; }
  APATITE_HOST_DEVICE void operator()(std::int64_t image) const {
    const auto at = [&](std::int64_t channel) { return channel * shape.images + image; };
    std::int64_t target = targets != nullptr ? targets[image] : kPredicted;
    if (shape.channels == 1) {
      if (target == kPredicted) target = logits[at(0)] > 0 ? 1 : 0;
      y[at(0)] = target == 1 ? 1.0F : -1.0F;
      return;
    }
    if (target == kPredicted) {
      target = 0;
      for (std::int64_t c = 1; c < shape.channels; ++c) {
        if (logits[at(c)] > logits[at(target)]) target = c;
      }
    }
    for (std::int64_t c = 0; c < shape.channels; ++c) y[at(c)] = c == target ? 1.0F : 0.0F;
  }
};

using ScoreLaunch = std::variant<ScoreGradOp>;

inline ScoreGradOp launch_of(const ScoreGrad& /*op*/, const LaunchSite& at) {
  return {at.x[0], at.targets, at.y, at.y_shape};
}

}  // namespace apatite::engine::cuda
