#include "engine/exact/score.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/graph/score.h"

namespace apatite::engine::exact {
namespace {

class ScoreGradStep final : public UnitStep {
 public:
  ScoreGradStep(Value x, Value y)
      : UnitStep({.count = 1, .floats = y.layout.image_size()}),
        x_(std::move(x)),
        y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override {
    for (std::int64_t image = units.begin; image < units.end; ++image) run_image(context, image);
  }

  void run_image(const RunContext& context, std::int64_t image) const {
    const std::vector<std::int64_t> from = x_.layout.channel_offsets();
    const std::vector<std::int64_t> to = y_.layout.channel_offsets();
    std::int64_t target = kPredicted;
    if (!context.targets.empty()) {
      target = context.targets[static_cast<std::size_t>(context.first_image + image)];
    }
    if (target == kPredicted) {
      std::vector<float> logits(from.size());
      const float* x = context.at(x_, image);
      std::transform(from.begin(), from.end(), logits.begin(),
                     [&](std::int64_t offset) { return x[offset]; });
      target = predicted_class(std::span<const float>(logits));
    }
    float* y = context.at(y_, image);
    std::fill_n(y, y_.layout.image_size(), 0.0F);
    if (to.size() == 1) {
      y[0] = target == 1 ? 1.0F : -1.0F;
    } else {
      y[to[static_cast<std::size_t>(target)]] = 1.0F;
    }
  }

  Value x_;
  Value y_;
};

}  // namespace

std::unique_ptr<Step> make_step(const ScoreGrad& /*op*/, const StepSpec& spec) {
  return std::make_unique<ScoreGradStep>(spec.x(0), spec.y());
}

}  // namespace apatite::engine::exact
