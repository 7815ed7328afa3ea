#include "engine/schedule/arena.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace apatite::engine {
namespace {

std::vector<LiveRange> random_ranges(std::uint64_t seed, std::size_t count) {
  std::vector<LiveRange> ranges;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t bits = random_bits(seed, i);
    const std::size_t first = bits % 40;
    const auto size = static_cast<std::int64_t>(1 + (bits >> 16U) % 1000);
    ranges.push_back({first, first + (bits >> 8U) % 12, size});
  }
  return ranges;
}

// The most that is in use at one step: no plan can be smaller.
std::int64_t lower_bound(const std::vector<LiveRange>& ranges) {
  std::int64_t most = 0;
  for (std::size_t step = 0; step < 60; ++step) {
    std::int64_t used = 0;
    for (const LiveRange& range : ranges) {
      if (range.first <= step && step <= range.last) used += range.size;
    }
    most = std::max(most, used);
  }
  return most;
}

TEST(Arena, BuffersInUseTogetherNeverOverlap) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<LiveRange> ranges = random_ranges(seed, 60);
    const ArenaPlan plan = plan_arena(ranges, 16);
    ASSERT_EQ(plan.offsets.size(), ranges.size());
    for (std::size_t a = 0; a < ranges.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % 16, 0);
      EXPECT_LE(plan.offsets[a] + ranges[a].size, plan.size);
      for (std::size_t b = 0; b < a; ++b) {
        const bool together =
            ranges[a].first <= ranges[b].last && ranges[b].first <= ranges[a].last;
        const bool apart = plan.offsets[a] + ranges[a].size <= plan.offsets[b] ||
                           plan.offsets[b] + ranges[b].size <= plan.offsets[a];
        EXPECT_TRUE(apart || !together) << "seed " << seed << ": " << a << " and " << b;
      }
    }
  }
}

TEST(Arena, ReusesMemory) {
  // A chain of equal buffers, each in use with its neighbour only: two places are enough.
  std::vector<LiveRange> chain;
  for (std::size_t i = 0; i < 100; ++i) chain.push_back({i, i + 1, 64});
  EXPECT_EQ(plan_arena(chain, 16).size, 128);

  std::int64_t planned = 0;
  std::int64_t least = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::vector<LiveRange> ranges = random_ranges(seed, 60);
    planned += plan_arena(ranges, 1).size;
    least += lower_bound(ranges);
  }
  EXPECT_GE(planned, least);
  EXPECT_LE(static_cast<double>(planned), 1.25 * static_cast<double>(least));
}

TEST(Arena, NothingNeedsNothing) { EXPECT_EQ(plan_arena({}, 16).size, 0); }

}  // namespace
}  // namespace apatite::engine
