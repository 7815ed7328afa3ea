// The bootstrap of AUCs: patients (or images) are drawn with replacement, all models on the same
// draws.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/roc/placements.h"
#include "eval/statistics/progress_callback.h"

namespace apatite::eval {

// Draw d takes from each stratum of k clusters k of them: those with the numbers
// floor(b k / 2^64), b = random_bits(random_stream(seed, d), i), i counting over all strata
// (base/random.h), so every draw stands for itself and any number of threads gives the same bits.
// (Some numbers then have a chance larger than others by k / 2^64 of itself.)
//
// Unstratified there is one stratum, all clusters. Stratified, clusters with a positive are one and
// those without the other; without clusters these are the classes.
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

// The q-quantile of sorted values by linear interpolation at q (n - 1): type 7 of Hyndman and Fan
// 1996, as in R and NumPy.
double quantile(std::span<const double> sorted, double q);

// Efron's intervals. `values` are those of the draws, in any order.
AucInterval percentile_interval(std::vector<double> values, double confidence);
// Bias-corrected and accelerated (Efron 1987): bias from the share of draws below the estimate,
// equal ones counting half; acceleration from the jackknife, over strata as Davison and Hinkley
// 1997 (their 5.26). Empty if all draws lie on one side of the estimate, or nothing varies.
std::optional<AucInterval> bca_interval(std::vector<double> values, double estimate,
                                        const Jackknife& jackknife, double confidence);
// The standard deviation of the draws.
double standard_deviation(std::span<const double> values);

}  // namespace apatite::eval
