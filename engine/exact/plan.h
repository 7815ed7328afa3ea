// From a graph to steps: fusion, layouts, places in memory, order of work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/exact/step.h"
#include "engine/schedule/memory_plan.h"

namespace apatite::engine::exact {

// Steps [0, batch_boundary) run image by image, so that the large early values of one image stay in
// the cache; then steps [batch_boundary, end) run on the whole batch, so that large weights are
// read once.
struct Plan {
  std::vector<std::unique_ptr<Step>> steps;
  std::size_t batch_boundary = 0;
  MemoryPlan memory;
};

Plan make_plan(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
               const std::vector<NodeId>& outputs, bool fuse, int threads);

}  // namespace apatite::engine::exact
