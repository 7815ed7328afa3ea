// From a convolution of the schedule, or the gradient of one, to launches. Runs on the CPU.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/cuda/convolution.h"
#include "engine/cuda/parameters.h"
#include "engine/schedule/scheduled_ops.h"

namespace apatite::engine::cuda {

// A launch but for the memory and the batch of a run.
struct ConvPlan {
  ConvArgs args;  // the sizes for one image
  Value x;
  Value y;
  std::optional<Value> residual;
  std::optional<Value> relu_mask;
  Offset weights = 0;
  std::size_t taps = 0;
  std::optional<Offset> bias;
  std::optional<AffineOffsets> prologue;
  std::optional<AffineOffsets> norm;
  std::optional<AffineOffsets> relu_mask_norm;
};

// The launches that compute `scheduled`: one of a convolution or linear layer, one for each phase
// of the gradient of one (engine/schedule/conv_walk.h). They write different pixels. Weights, taps
// and batch norms are packed into `parameters`. Throws what `source` and fold_batch_norm throw.
std::vector<ConvPlan> plan_convolution(const Graph& graph, const ParameterSource& source,
                                       const Schedule& schedule, const ScheduledOp& scheduled,
                                       Parameters& parameters);

// What the kernels can fuse, and the layouts that they read.
ScheduleRules schedule_rules(bool fused);

}  // namespace apatite::engine::cuda
