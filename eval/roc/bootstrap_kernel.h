// The pairs won in 32 bootstrap draws at once: one number per draw in each vector of the processor.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace apatite::eval {

constexpr std::size_t kDrawsAtOnce = 32;
using DrawTotals = std::array<std::uint64_t, kDrawsAtOnce>;

// How often each draw has a cluster.
struct alignas(kDrawsAtOnce) DrawCounts {
  std::array<std::uint8_t, kDrawsAtOnce> of{};
};

// The clusters of the cases of one model, positives and negatives each in the order of their
// scores, and a step for each distinct score that a positive has.
struct RankedClusters {
  struct Step {
    // The ends in the lists below, where the step before ended: of the negatives with a smaller and
    // with an equal score, and of the positives.
    std::uint32_t below = 0, equal = 0, positives = 0;
  };
  std::vector<std::uint32_t> negatives, positives;
  std::vector<Step> steps;
};

// Per draw twice the pairs won, pairs of equal scores counting once. A draw has fewer than 2^32
// cases.
DrawTotals drawn_twice_wins(const RankedClusters& ranked, std::span<const DrawCounts> counts);

// Per draw the sum over clusters of how often it has them times sizes[cluster].
DrawTotals drawn_total(std::span<const std::uint32_t> sizes, std::span<const DrawCounts> counts);

}  // namespace apatite::eval
