// Sums over the placements of the cases of one model, from which its AUC and DeLong's variance
// follow.
#pragma once

#include <cstdint>
#include <span>

#include "eval/statistics/exact_sums.h"

namespace apatite::eval {

// Twice the placement of a positive is twice the number of negatives below it plus the number of
// negatives equal to it. Twice the placement of a negative is twice the number of positives above
// it plus the number of positives equal to it. Each is below 2^32.
struct PlacementSums {
  std::uint64_t positives = 0;   // number of positives
  std::uint64_t twice_wins = 0;  // sum of the positives' placements; that of the negatives is equal
  Uint128 positive_squares = 0;
  Uint128 negative_squares = 0;
};

// Distributes the rows by score to some thousand buckets, and sorts and sums each bucket while it
// is in the cache; needs 8 bytes a row. `threads` share the work (0: all that the process may use).
// All sums are of integers, so that neither the threads nor the order matter. Throws as auc() does.
PlacementSums sum_placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                             int threads);

}  // namespace apatite::eval
