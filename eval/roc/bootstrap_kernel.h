// Counts the pairs won in 32 bootstrap draws at once: a vector of the processor holds a number of
// each draw.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace apatite::eval {

constexpr std::size_t kDrawsAtOnce = 32;
using DrawTotals = std::array<std::uint64_t, kDrawsAtOnce>;

// How often each draw has one cluster.
struct alignas(kDrawsAtOnce) DrawCounts {
  std::array<std::uint8_t, kDrawsAtOnce> of{};
};

// The clusters of the cases, positives and negatives separately, in ascending order of the scores
// of one model; and a step for each distinct score of a positive.
struct RankedClusters {
  struct Step {
    // Ends of ranges of the lists below; each range begins where that of the previous step ended.
    // `below`: negatives with a smaller score; `equal`: negatives with an equal score; `positives`:
    // positives with this score.
    std::uint32_t below = 0, equal = 0, positives = 0;
  };
  std::vector<std::uint32_t> negatives, positives;
  std::vector<Step> steps;
};

// For each draw, twice the number of pairs won; a pair of equal scores counts once. A draw must
// have fewer than 2^32 cases.
DrawTotals drawn_twice_wins(const RankedClusters& ranked, std::span<const DrawCounts> counts);

// For each draw, the sum over the clusters of sizes[cluster] times how often the draw has it.
DrawTotals drawn_total(std::span<const std::uint32_t> sizes, std::span<const DrawCounts> counts);

}  // namespace apatite::eval
