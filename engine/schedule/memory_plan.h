// Where the values of a plan lie in memory, and which of its operations run on the whole batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/schedule/scheduled_ops.h"

namespace apatite::engine {

// A buffer of the plan.
struct Buffer {
  std::int64_t floats = 0;   // for one image
  std::size_t first = 0;     // step that first touches it
  std::size_t last = 0;      // and last
  std::int64_t offset = 0;   // in its arena, floats for one image
  bool whole_batch = false;  // it holds all images at once, else one after the other
};

struct MemoryPlan {
  std::vector<Buffer> buffers;
  std::int64_t image_arena = 0;    // floats: buffers of one image
  std::int64_t batch_arena = 0;    // floats per image: buffers of the whole batch
  std::size_t batch_boundary = 0;  // the first operation that runs on the whole batch
};

// Whether the first operations run image by image, so that the large early values of one image stay
// in the cache, or every operation on the whole batch.
enum class BatchOrder { kImagesFirst, kWholeBatch };

// Gives each value of `schedule` its place.
MemoryPlan plan_memory(const Graph& graph, Schedule& schedule, BatchOrder order);

}  // namespace apatite::engine
