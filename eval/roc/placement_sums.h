// What the AUC and DeLong's variance of one model need: sums over the placements of its cases.
#pragma once

#include <cstdint>
#include <span>

#include "eval/statistics/exact_sums.h"

namespace apatite::eval {

// Twice the placement of a positive is twice the negatives below it plus those equal to it, that of
// a negative twice the positives above it plus those equal to it; each is below 2^32.
struct PlacementSums {
  std::uint64_t positives = 0;   // how many
  std::uint64_t twice_wins = 0;  // of the positives; that of the negatives is the same
  Uint128 positive_squares = 0;
  Uint128 negative_squares = 0;
};

// Rows go to some thousand buckets by their score, and each bucket is sorted and summed while it is
// in the cache: 8 bytes a row. All sums are of integers, so that `threads` (0: all that the process
// may use) and their order do not matter. Throws as auc() does.
PlacementSums sum_placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                             int threads);

}  // namespace apatite::eval
