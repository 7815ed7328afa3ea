// The steps of the backward pass, but the convolutions.
#pragma once

#include <utility>
#include <vector>

#include "engine/exact/step.h"
#include "engine/graph/op.h"

namespace apatite::engine::exact {

// The gradient of the score with respect to the logits x.
class ScoreGradStep final : public UnitStep {
 public:
  ScoreGradStep(Value x, Value y)
      : UnitStep({.count = 1, .floats = y.layout.image_size()}),
        x_(std::move(x)),
        y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value x_;
  Value y_;
};

// gx = y > 0 ? g : 0, all of one layout.
class ReluGradStep final : public UnitStep {
 public:
  ReluGradStep(const KernelTable& kernels, Value g, Value y, Value gx)
      : UnitStep(blocks_of(gx.layout)),
        kernels_(kernels),
        g_(std::move(g)),
        y_(std::move(y)),
        gx_(std::move(gx)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  const KernelTable& kernels_;
  Value g_;
  Value y_;
  Value gx_;
};

// Of max and average pooling. All values have the same blocks.
class PoolGradStep final : public UnitStep {
 public:
  PoolGradStep(const KernelTable& kernels, const MaxPool2d& op, Value g, Value x, Value gx);
  PoolGradStep(const KernelTable& kernels, const AvgPool2d& op, Value g, Value gx);

 private:
  void run_units(const RunContext& context, Share units) const override;

  const KernelTable& kernels_;
  MaxPool2d window_;
  bool average_;
  std::vector<float> counts_;  // average: by output
  Value g_;
  Value x_;  // maximum
  Value gx_;
};

// gx = g / (height * width) everywhere.
class GlobalAvgPoolGradStep final : public UnitStep {
 public:
  GlobalAvgPoolGradStep(Value g, Value gx)
      : UnitStep(blocks_of(gx.layout)), g_(std::move(g)), gx_(std::move(gx)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value g_;
  Value gx_;
};

// Channels [first_channel, ...) of x in another place.
class SliceStep final : public UnitStep {
 public:
  SliceStep(const Slice& op, Value x, Value y)
      : UnitStep(blocks_of(y.layout)), op_(op), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Slice op_;
  Value x_;
  Value y_;
};

class SubsamplePadGradStep final : public UnitStep {
 public:
  SubsamplePadGradStep(const SubsamplePad& op, Value g, Value gx)
      : UnitStep(blocks_of(gx.layout)), op_(op), g_(std::move(g)), gx_(std::move(gx)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  SubsamplePad op_;
  Value g_;
  Value gx_;
};

}  // namespace apatite::engine::exact
