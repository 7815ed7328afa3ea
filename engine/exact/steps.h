// Every step but the convolutions.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/exact/step.h"
#include "engine/graph/batch_norm.h"
#include "engine/graph/op.h"

namespace apatite::engine::exact {

// The batch of input images (N x C x H x W) to planes; -0 becomes +0.
class InputStep final : public UnitStep {
 public:
  explicit InputStep(Value y) : UnitStep(rows_of(y.layout)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value y_;
};

// A value to the `output`-th result (N x C x H x W).
class OutputStep final : public UnitStep {
 public:
  OutputStep(Value x, std::size_t output);

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value x_;
  std::size_t output_;
};

// The same channels elsewhere or in another layout: other lanes, other blocks, columns of +0
// around.
class CopyStep final : public UnitStep {
 public:
  CopyStep(Value x, Value y) : UnitStep(rows_of(y.layout)), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  Value x_;
  Value y_;
};

// Every stride-th pixel with zero channels around (op.h).
class SubsamplePadStep final : public UnitStep {
 public:
  SubsamplePadStep(const SubsamplePad& op, Value x, Value y)
      : UnitStep(blocks_of(y.layout)), op_(op), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  SubsamplePad op_;
  Value x_;
  Value y_;
};

// Batch norm [+ ReLU].
class AffineStep final : public UnitStep {
 public:
  AffineStep(const KernelTable& kernels, const Affine<float>& affine, bool relu, Value x, Value y);

 private:
  void run_units(const RunContext& context, Share units) const override;

  const KernelTable& kernels_;
  std::vector<float> scale_;  // padded to whole blocks
  std::vector<float> shift_;
  bool relu_;
  Value x_;
  Value y_;
};

// a + b [+ ReLU], of one layout.
class AddStep final : public UnitStep {
 public:
  AddStep(const KernelTable& kernels, bool relu, Value a, Value b, Value y)
      : UnitStep(blocks_of(y.layout)),
        kernels_(kernels),
        relu_(relu),
        a_(std::move(a)),
        b_(std::move(b)),
        y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  const KernelTable& kernels_;
  bool relu_;
  Value a_;
  Value b_;
  Value y_;
};

class ReluStep final : public UnitStep {
 public:
  ReluStep(const KernelTable& kernels, Value x, Value y)
      : UnitStep(blocks_of(y.layout)), kernels_(kernels), x_(std::move(x)), y_(std::move(y)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  const KernelTable& kernels_;
  Value x_;
  Value y_;
};

// Max, average and global average pooling.
class PoolStep final : public UnitStep {
 public:
  PoolStep(const KernelTable& kernels, const MaxPool2d& op, Value x, Value y);
  PoolStep(const KernelTable& kernels, const AvgPool2d& op, Value x, Value y);

 private:
  void run_units(const RunContext& context, Share units) const override;

  // The taps of an output row that lie inside the image.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> rows_inside(std::int64_t top) const;

  const KernelTable& kernels_;
  MaxPool2d window_;
  std::optional<AvgPool2d> average_;
  Value x_;
  Value y_;
};

// Steps that need no barrier between them.
class StepList final : public Step {
 public:
  explicit StepList(std::vector<std::unique_ptr<Step>> steps) : steps_(std::move(steps)) {}
  [[nodiscard]] std::int64_t chunks(const RunContext& context) const override;
  void run_chunk(const RunContext& context, std::int64_t chunk) const override;
  [[nodiscard]] std::int64_t scratch_floats() const override;

 private:
  std::vector<std::unique_ptr<Step>> steps_;
};

}  // namespace apatite::engine::exact
