// The gradient of the score with respect to the logits.
#pragma once

#include <memory>

#include "engine/exact/step.h"
#include "engine/exact/step_spec.h"

namespace apatite::engine::exact {

std::unique_ptr<Step> make_step(const ScoreGrad& op, const StepSpec& spec);

}  // namespace apatite::engine::exact
