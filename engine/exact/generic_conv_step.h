// Convolutions with any attributes (groups, strides), one value at a time: right, not fast. Nothing
// is fused to them.
#pragma once

#include <utility>

#include "engine/exact/conv_step.h"

namespace apatite::engine::exact {

// The channels of the result, with a multiply-add counted as a float moved.
Units channels_of(const ConvSpec& spec);

class GenericConvStep final : public UnitStep {
 public:
  explicit GenericConvStep(ConvSpec spec) : UnitStep(channels_of(spec)), spec_(std::move(spec)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  ConvSpec spec_;
};

// The gradient with respect to the input.
class GenericConvGradStep final : public UnitStep {
 public:
  explicit GenericConvGradStep(ConvSpec spec)
      : UnitStep(channels_of(spec)), spec_(std::move(spec)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  ConvSpec spec_;
};

}  // namespace apatite::engine::exact
