// The bootstrap of AUCs. Patients (or images) are drawn with replacement; all models use the same
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
  ProgressCallback progress;
};

struct Bootstrap {
  // values[model][draw]. Draws in which a class is missing are left out, because their AUC is
  // undefined.
  std::vector<std::vector<double>> values;
  int undefined = 0;  // how many draws were left out
};

// `models` holds the scores of each model. After a sort, a model costs O(draws * rows) operations
// on integers. Throws Error (kUsage) as auc() does, for a number of draws outside 1 .. 10,000,000,
// and if a draw has 2^32 cases or more or a cluster 256 times.
Bootstrap bootstrap_aucs(const LabelledCases& cases,
                         std::span<const std::span<const double>> models,
                         const BootstrapOptions& options);

// [stratum][cluster]: the AUC without that cluster. Empty if one of them is undefined.
using Jackknife = std::vector<std::vector<double>>;
std::optional<Jackknife> jackknife_aucs(const LabelledCases& cases, std::span<const double> scores,
                                        bool stratified);

// The bias-corrected and accelerated interval (Efron 1987). The bias comes from the share of draws
// below the estimate, where equal ones count one half; the acceleration from the jackknife, over
// strata by formula 5.26 of Davison and Hinkley 1997. `values` are the results of the draws in any
// order. Empty if all draws lie on one side of the estimate, or if nothing varies.
std::optional<ConfidenceInterval> bca_interval(std::vector<double> values, double estimate,
                                               const Jackknife& jackknife, double confidence);
// The sample standard deviation (divisor n - 1) of two or more values.
double standard_deviation(std::span<const double> values);

}  // namespace apatite::eval
