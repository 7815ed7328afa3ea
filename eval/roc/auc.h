// The area under the ROC curve of one model, without rounding: an exact ratio of integers, and
// DeLong's variance from exact sums. docs/comparisons.md has the formulas and their sources.
//
// In all files of this folder labels are 1 (positive) or 0, a larger score speaks for the positive
// class, and scores are not NaN.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "eval/statistics/confidence_interval.h"
#include "eval/statistics/exact_sums.h"

namespace apatite::eval {

// numerator / denominator, rounded once. The denominator is not 0.
double quotient(std::uint64_t numerator, std::uint64_t denominator);

// AUC = twice_wins / (2 positives negatives). Over all pairs of a positive and a negative,
// twice_wins adds 2 where the positive has the larger score and 1 where both scores are equal.
struct AucCounts {
  std::uint64_t positives = 0;
  std::uint64_t negatives = 0;
  std::uint64_t twice_wins = 0;

  // False if a class is missing: the AUC is then undefined.
  [[nodiscard]] bool defined() const { return positives > 0 && negatives > 0; }
  [[nodiscard]] std::uint64_t twice_pairs() const { return 2 * positives * negatives; }
  // AUC and 1 - AUC, each rounded once.
  [[nodiscard]] double value() const { return quotient(twice_wins, twice_pairs()); }
  [[nodiscard]] double complement() const {
    return quotient(twice_pairs() - twice_wins, twice_pairs());
  }
};

struct Auc {
  AucCounts counts;
  // DeLong's estimate of the variance of the AUC; empty with fewer than two of a class.
  std::optional<double> variance;
};

// Costs O(n log n) and needs 8 bytes a row beside the input. `threads` share the work; 0 means all
// that the process may use. Throws Error (kUsage) if the sizes differ, a label is neither 0 nor 1,
// a score is NaN, or there are 2^31 rows or more.
Auc auc(std::span<const std::uint8_t> labels, std::span<const double> scores, int threads = 0);

// The AUC with weights: the sum of w_i w_j over the pairs won, where equal scores count one half,
// divided by the sum over all pairs. Both are summed in the order of the scores, equal scores in
// the order of the rows. Empty if a class has no weight. Throws Error (kUsage) as above and for a
// weight that is negative or not finite.
std::optional<double> weighted_auc(std::span<const std::uint8_t> labels,
                                   std::span<const double> scores, std::span<const double> weights);

// AUC -+ z sqrt(variance), cut at 0 and 1.
ConfidenceInterval auc_interval(const AucCounts& counts, double variance, double confidence);
// The same interval for ln(AUC / (1 - AUC)), whose standard error is sqrt(variance) / (AUC (1 -
// AUC)), transformed back. Empty if the AUC is 0 or 1.
std::optional<ConfidenceInterval> logit_auc_interval(const AucCounts& counts, double variance,
                                                     double confidence);
// The variance of Hanley and McNeil 1982, from the AUC and the sizes of the classes alone.
double hanley_mcneil_variance(const AucCounts& counts);

// Throw as auc() does. The first one checks only the numbers of labels and scores.
void check_sizes(std::span<const std::uint8_t> labels, std::span<const double> scores);
void check_labels_and_scores(std::span<const std::uint8_t> labels, std::span<const double> scores);

}  // namespace apatite::eval
