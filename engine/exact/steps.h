// Every step but the convolutions.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/batch_norm.h"
#include "engine/exact/step.h"
#include "engine/op.h"

namespace apatite::exact {

// The batch of input images (N x C x H x W) to planes; -0 becomes +0.
class InputStep final : public Step {
 public:
  explicit InputStep(Value y) : y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  Value y_;
};

// A value to the `output`-th result (N x C x H x W).
class OutputStep final : public Step {
 public:
  OutputStep(Value x, std::size_t output) : x_(std::move(x)), output_(output) {}
  void run(const RunContext& context) const override;

 private:
  Value x_;
  std::size_t output_;
};

// Pairs (from, to) of values with the same channels.
using Copies = std::vector<std::pair<Value, Value>>;

// The same channels elsewhere or in another layout: other lanes, other blocks, columns of +0
// around.
class CopyStep final : public Step {
 public:
  explicit CopyStep(Copies copies) : copies_(std::move(copies)) {}
  void run(const RunContext& context) const override;

 private:
  Copies copies_;
};

// Every stride-th pixel with zero channels around (op.h).
class SubsamplePadStep final : public Step {
 public:
  SubsamplePadStep(const SubsamplePad& op, Value x, Value y)
      : op_(op), x_(std::move(x)), y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  SubsamplePad op_;
  Value x_;
  Value y_;
};

// Batch norm [+ ReLU].
class AffineStep final : public Step {
 public:
  AffineStep(const KernelTable& kernels, const Affine<float>& affine, bool relu, Value x, Value y);
  void run(const RunContext& context) const override;

 private:
  const KernelTable& kernels_;
  std::vector<float> scale_;  // padded to whole blocks
  std::vector<float> shift_;
  bool relu_;
  Value x_;
  Value y_;
};

// a + b [+ ReLU], of one layout.
class AddStep final : public Step {
 public:
  AddStep(const KernelTable& kernels, bool relu, Value a, Value b, Value y)
      : kernels_(kernels), relu_(relu), a_(std::move(a)), b_(std::move(b)), y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  const KernelTable& kernels_;
  bool relu_;
  Value a_;
  Value b_;
  Value y_;
};

class ReluStep final : public Step {
 public:
  ReluStep(const KernelTable& kernels, Value x, Value y)
      : kernels_(kernels), x_(std::move(x)), y_(std::move(y)) {}
  void run(const RunContext& context) const override;

 private:
  const KernelTable& kernels_;
  Value x_;
  Value y_;
};

// Max, average and global average pooling.
class PoolStep final : public Step {
 public:
  PoolStep(const KernelTable& kernels, const MaxPool2d& op, Value x, Value y);
  PoolStep(const KernelTable& kernels, const AvgPool2d& op, Value x, Value y);
  void run(const RunContext& context) const override;

 private:
  // The taps of an output row that lie inside the image.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> rows_inside(std::int64_t top) const;

  const KernelTable& kernels_;
  MaxPool2d window_;
  std::optional<AvgPool2d> average_;
  Value x_;
  Value y_;
};

}  // namespace apatite::exact
