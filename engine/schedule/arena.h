// Where buffers lie in one block of memory, so that those never in use together share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace apatite::engine {

// A buffer of `size` units, in use from step `first` to step `last` (both included).
struct LiveRange {
  std::size_t first = 0;
  std::size_t last = 0;
  std::int64_t size = 0;
};

struct ArenaPlan {
  std::vector<std::int64_t> offsets;  // of each range, multiples of `alignment`
  std::int64_t size = 0;              // of the whole block
};

// Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net
// inference", section 4.2): the largest buffer first, each in the smallest gap that is free during
// its whole range.
ArenaPlan plan_arena(std::span<const LiveRange> ranges, std::int64_t alignment);

}  // namespace apatite::engine
