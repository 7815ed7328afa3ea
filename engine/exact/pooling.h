// Maximum and average pooling, and their gradients. The kernels are in pooling-inl.h.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/exact/step.h"
#include "engine/exact/step_spec.h"
#include "engine/graph/op.h"

namespace apatite::engine::exact {

// One row of outputs of a pooling window, one block of channels.
struct PoolRow {
  const float* x = nullptr;  // first row of taps inside the image, column 0
  float* y = nullptr;
  const float* counts = nullptr;  // average pooling: the divisor of each column
  std::int64_t out_width = 0;
  std::int64_t in_width = 0;
  std::int64_t kernel_height = 1;  // rows of taps inside the image
  std::int64_t kernel_width = 1;
  std::int64_t stride_width = 1;
  std::int64_t dilation_width = 1;
  std::int64_t pad_left = 0;
  std::int64_t x_row_step = 0;  // floats between the rows of two taps
};

// Rows [first_row, end_row) of the gradient with respect to a pool's input, one block of channels.
struct PoolGradBand {
  const float* g = nullptr;       // row 0, column 0 of the block
  const float* x = nullptr;       // maximum only: the pool's input
  const float* counts = nullptr;  // average only: the divisor of each output, in rows
  float* gx = nullptr;
  std::int64_t first_row = 0;
  std::int64_t end_row = 0;
  std::int64_t in_height = 0;
  std::int64_t in_width = 0;
  std::int64_t out_height = 0;
  std::int64_t out_width = 0;
  const MaxPool2d* window = nullptr;
};

// The kernels of one instruction set. `status`: its finiteness flag.
struct PoolingKernels {
  void (*max_pool_row)(const PoolRow& pool);
  void (*avg_pool_row)(const PoolRow& pool, Status& status);
  void (*max_pool_grad)(const PoolGradBand& band, Status& status);
  void (*avg_pool_grad)(const PoolGradBand& band, Status& status);
};

std::unique_ptr<Step> make_step(const MaxPool2d& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const MaxPool2dGrad& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const AvgPool2d& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const AvgPool2dGrad& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const GlobalAvgPool& op, const StepSpec& spec);
std::unique_ptr<Step> make_step(const GlobalAvgPoolGrad& op, const StepSpec& spec);

}  // namespace apatite::engine::exact
