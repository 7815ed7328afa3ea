// The contribution of each case to the AUC, and the covariances that follow from the contributions:
// by DeLong, DeLong and Clarke-Pearson 1988 for independent cases, and by Obuchowski 1997 for cases
// in clusters (the images of a patient). docs/comparisons.md has the formulas.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/data/labelled_scores.h"
#include "eval/roc/auc.h"

namespace apatite::eval {

// twice[row] is twice the placement of the row. For a positive it is twice the number of negatives
// with a smaller score plus the number of those with an equal one; for a negative it is twice the
// number of positives with a larger score plus the number of those with an equal one.
struct Placements {
  AucCounts counts;
  std::vector<std::uint32_t> twice;
};

// Throws as auc() does.
Placements placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                      int threads = 0);

// The covariance of the AUCs of two models on the same cases; of a model with itself it is the
// variance. Empty unless two clusters have a positive and two have a negative. Compensated sums add
// products of two integers, each rounded once before and once after the product, so that the error
// is a few units of 2^-53 of the sum of magnitudes. Equals DeLong's covariance where no cluster has
// more than one row.
std::optional<double> auc_covariance(const LabelledCases& cases, const Placements& a,
                                     const Placements& b);

// The variance of the AUC of `a` minus that of `b`. It is computed from the differences between the
// placements, so that nothing cancels where the models are alike.
std::optional<double> auc_difference_variance(const LabelledCases& cases, const Placements& a,
                                              const Placements& b);

// The largest cluster number plus 1; without clusters the number of rows. Throws Error (kUsage) if
// a number is negative, or if there are clusters, but not one for each row.
std::size_t cluster_count(const LabelledCases& cases);

}  // namespace apatite::eval
