// Convolutions, linear layers and their gradients with respect to the input.
//
// A linear layer is a convolution whose kernel is the whole image. Most convolutions run in
// register tiles (conv_step.h); those that cannot (groups, wide strides) run one value at a time,
// which is right but not fast, and nothing is fused to them.
#pragma once

#include <memory>

#include "engine/exact/step.h"
#include "engine/exact/step_spec.h"

namespace apatite::engine::exact {

std::unique_ptr<Step> make_step(const Conv2d& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const Conv2dInputGrad& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const Linear& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const LinearInputGrad& op, const StepSpec& spec);

// What the kernels can fuse, and the layouts that they read, with `lanes` channels in a block.
ScheduleRules schedule_rules(const Graph& graph, std::int64_t lanes, bool fused);

}  // namespace apatite::engine::exact
