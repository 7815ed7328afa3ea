#include "engine/schedule/arena.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace apatite::engine {
namespace {

bool overlap(const LiveRange& a, const LiveRange& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

ArenaPlan plan_arena(std::span<const LiveRange> ranges, std::int64_t alignment) {
  ArenaPlan plan{.offsets = std::vector<std::int64_t>(ranges.size())};
  std::vector<std::size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return ranges[a].size > ranges[b].size; });
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t id : order) {
    const std::int64_t size = (ranges[id].size + alignment - 1) / alignment * alignment;
    std::int64_t best = -1;
    std::int64_t best_gap = std::numeric_limits<std::int64_t>::max();
    std::int64_t end = 0;  // of the buffers below that are in use at the same time
    for (const std::size_t other : placed) {
      if (!overlap(ranges[id], ranges[other])) continue;
      const std::int64_t gap = plan.offsets[other] - end;
      if (gap >= size && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      const std::int64_t other_size = (ranges[other].size + alignment - 1) / alignment * alignment;
      end = std::max(end, plan.offsets[other] + other_size);
    }
    plan.offsets[id] = best >= 0 ? best : end;
    plan.size = std::max(plan.size, plan.offsets[id] + size);
    const auto position = std::find_if(placed.begin(), placed.end(), [&](std::size_t other) {
      return plan.offsets[other] > plan.offsets[id];
    });
    placed.insert(position, id);
  }
  return plan;
}

}  // namespace apatite::engine
