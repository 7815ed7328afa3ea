// The steps of the backward pass, but the convolutions.
#pragma once

#include <utility>
#include <vector>

#include "engine/exact/step.h"
#include "engine/op.h"

namespace apatite::exact {

// The gradient of the score with respect to the logits x.
class ScoreGradStep final : public Step {
 public:
  ScoreGradStep(Value x, Value y) : x_(std::move(x)), y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  Value x_;
  Value y_;
};

// gx = y > 0 ? g : 0, all of one layout.
class ReluGradStep final : public Step {
 public:
  ReluGradStep(const KernelTable& kernels, Value g, Value y, Value gx)
      : kernels_(kernels), g_(std::move(g)), y_(std::move(y)), gx_(std::move(gx)) {}
  void run(const RunContext& context) const override;

 private:
  const KernelTable& kernels_;
  Value g_;
  Value y_;
  Value gx_;
};

// Of max and average pooling. All values have the same blocks.
class PoolGradStep final : public Step {
 public:
  PoolGradStep(const KernelTable& kernels, const MaxPool2d& op, Value g, Value x, Value gx);
  PoolGradStep(const KernelTable& kernels, const AvgPool2d& op, Value g, Value gx);
  void run(const RunContext& context) const override;

 private:
  const KernelTable& kernels_;
  MaxPool2d window_;
  bool average_;
  std::vector<float> counts_;  // average: by output
  Value g_;
  Value x_;  // maximum
  Value gx_;
};

// gx = g / (height * width) everywhere.
class GlobalAvgPoolGradStep final : public Step {
 public:
  GlobalAvgPoolGradStep(Value g, Value gx) : g_(std::move(g)), gx_(std::move(gx)) {}
  void run(const RunContext& context) const override;

 private:
  Value g_;
  Value gx_;
};

// Channels [first_channel, ...) of x in another place.
class SliceStep final : public Step {
 public:
  SliceStep(const Slice& op, Value x, Value y) : op_(op), x_(std::move(x)), y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  Slice op_;
  Value x_;
  Value y_;
};

class SubsamplePadGradStep final : public Step {
 public:
  SubsamplePadGradStep(const SubsamplePad& op, Value g, Value gx)
      : op_(op), g_(std::move(g)), gx_(std::move(gx)) {}
  void run(const RunContext& context) const override;

 private:
  SubsamplePad op_;
  Value g_;
  Value gx_;
};

}  // namespace apatite::exact
