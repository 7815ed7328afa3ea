// What each case contributes to the AUC, and the covariances that follow from it: DeLong, DeLong
// and Clarke-Pearson 1988 for independent cases, Obuchowski 1997 for cases in clusters (the images
// of a patient). docs/comparisons.md has the formulas.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/roc/auc.h"

namespace apatite::eval {

// `twice` holds per row twice its placement: for a positive, twice the negatives with a smaller
// score plus those with an equal one; for a negative, twice the positives with a larger score plus
// those with an equal one.
struct Placements {
  AucCounts counts;
  std::vector<std::uint32_t> twice;
};

// Throws as auc() does.
Placements placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                      int threads = 0);

// The cases of one study. Clusters are numbered from 0 on, one number per row; without any, each
// row is a cluster of its own. Numbers that no row has are no clusters.
struct Cases {
  std::span<const std::uint8_t> labels;
  std::span<const std::int32_t> clusters;
};

// The covariance of the AUCs of two models on the same cases; of a model with itself, its variance.
// Empty unless two clusters have a positive and two a negative. What is summed are products of
// exact integers, each rounded twice, in compensated sums: the error is a few units of 2^-53 of the
// sum of magnitudes. Equals DeLong's where no cluster has more than one row.
std::optional<double> auc_covariance(const Cases& cases, const Placements& a, const Placements& b);

// The variance of the AUC of `a` less that of `b`: from the differences themselves, so that nothing
// cancels where the models are alike.
std::optional<double> auc_difference_variance(const Cases& cases, const Placements& a,
                                              const Placements& b);

// The largest cluster number plus 1. Throws Error (kUsage) if one is negative, or there are other
// numbers of clusters (but 0) than rows.
std::size_t cluster_count(const Cases& cases);

}  // namespace apatite::eval
