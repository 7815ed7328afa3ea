// From a graph to steps: fusion, layouts, places in memory, order of work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend.h"
#include "engine/exact/step.h"

namespace apatite::exact {

// A buffer of the plan.
struct Buffer {
  std::int64_t floats = 0;   // for one image
  std::size_t first = 0;     // step that first touches it
  std::size_t last = 0;      // and last
  std::int64_t offset = 0;   // in its arena, floats for one image
  bool whole_batch = false;  // it holds all images at once, else one after the other
};

// Steps [0, cut) run image by image, so that the large early values of one image stay in the cache;
// then steps [cut, end) run on the whole batch, so that large weights are read once.
struct Plan {
  std::vector<std::unique_ptr<Step>> steps;
  std::size_t cut = 0;
  std::vector<Buffer> buffers;
  std::int64_t image_arena = 0;  // floats: buffers of one image
  std::int64_t batch_arena = 0;  // floats per image: buffers of the whole batch
};

Plan make_plan(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
               const std::vector<NodeId>& outputs, bool fuse, int threads);

}  // namespace apatite::exact
