// Convolutions with any attributes (groups, strides), one value at a time: right, not fast. Nothing
// is fused to them.
#pragma once

#include <utility>

#include "engine/exact/conv_step.h"

namespace apatite::exact {

class GenericConvStep final : public Step {
 public:
  explicit GenericConvStep(ConvSpec spec) : spec_(std::move(spec)) {}

  void run(const RunContext& context) const override;

 private:
  ConvSpec spec_;
};

// The gradient with respect to the input.
class GenericConvGradStep final : public Step {
 public:
  explicit GenericConvGradStep(ConvSpec spec) : spec_(std::move(spec)) {}

  void run(const RunContext& context) const override;

 private:
  ConvSpec spec_;
};

}  // namespace apatite::exact
