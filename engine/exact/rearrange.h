// Operations that move values and compute nothing: the input, the outputs, copies between layouts,
// concatenation, slices, subsampling with padding, and their gradients.
#pragma once

#include <memory>

#include "engine/exact/step.h"
#include "engine/exact/step_spec.h"

namespace apatite::engine::exact {

// The batch of input images (N x C x H x W) to planes; -0 becomes +0.
std::unique_ptr<Step> make_step(const Input& op, const StepSpec& spec);
// A value to a result of the run (N x C x H x W).
std::unique_ptr<Step> make_output_step(const StepSpec& spec);
// A value to another layout.
std::unique_ptr<Step> make_copy_step(const StepSpec& spec);

std::unique_ptr<Step> make_step(const Concat& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const Slice& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const SubsamplePad& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const SubsamplePadGrad& op, const StepSpec& spec);

}  // namespace apatite::engine::exact
