// The bootstrap of AUCs: patients (or images) are drawn with replacement, all models on the same
// draws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/roc/placements.h"
#include "eval/statistics/progress_callback.h"
#include "eval/statistics/resampling.h"

namespace apatite::eval {

// Draw d takes k clusters from each stratum of k clusters, as Resample<UnitRule::kScaled>(seed, d)
// chooses them (statistics/resampling.h), one stratum after the other.
//
// Without stratification all clusters are one stratum. With it the clusters that have a positive
// are one stratum and those without a positive are the other; where every case is its own cluster,
// these are the two classes.
struct BootstrapOptions {
  int draws = 2000;
  std::uint64_t seed = 1;
  bool stratified = false;
  int threads = 0;
  Tell tell;
};

struct Bootstrap {
  // values[model][draw], without the draws in which a class is missing, whose AUC is undefined.
  std::vector<std::vector<double>> values;
  int undefined = 0;  // how many those are
};

// `models` are the scores of each. O(draws * rows) per model after its sort, in integers.
Bootstrap bootstrap_aucs(const Cases& cases, std::span<const std::span<const double>> models,
                         const BootstrapOptions& options);

// Per stratum and cluster the AUC without that cluster; empty if one of them is undefined.
using Jackknife = std::vector<std::vector<double>>;
std::optional<Jackknife> jackknife_aucs(const Cases& cases, std::span<const double> scores,
                                        bool stratified);

// Bias-corrected and accelerated (Efron 1987): bias from the share of draws below the estimate,
// equal ones counting half; acceleration from the jackknife, over strata as Davison and Hinkley
// 1997 (their 5.26). Empty if all draws lie on one side of the estimate, or nothing varies.
std::optional<ConfidenceInterval> bca_interval(std::vector<double> values, double estimate,
                                               const Jackknife& jackknife, double confidence);
// The standard deviation of the draws.
double standard_deviation(std::span<const double> values);

}  // namespace apatite::eval
