// Generalized estimating equations (Liang, Zeger 1986) for the proportions of right decisions of
// several models on the same, clustered cases. With them sensitivity, specificity, accuracy and the
// predictive values are compared where a patient has several images.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::eval {

// Which decisions are trials, and which of them are successes.
enum class Measure {
  kSensitivity,  // predicted positive, among the positive cases
  kSpecificity,  // predicted negative, among the negative cases
  kAccuracy,     // predicted as labelled, among all cases
  kPpv,          // positive, among the cases predicted positive
  kNpv,          // negative, among the cases predicted negative
};
inline constexpr std::array kAllMeasures{Measure::kSensitivity, Measure::kSpecificity,
                                         Measure::kAccuracy, Measure::kPpv, Measure::kNpv};
std::string_view name_of(Measure measure);

// The assumed correlation between the outcomes of a cluster. The variance is robust: it is valid
// even if this assumption is wrong.
enum class WorkingCorrelation { kIndependence, kExchangeable };
std::string_view name_of(WorkingCorrelation correlation);

// Successes and trials of each cluster and model, [cluster][model].
struct ClusteredTrials {
  std::size_t models = 0;
  std::vector<std::uint32_t> trials;
  std::vector<std::uint32_t> successes;
};

// `decisions` holds, for each model, 1 for a case that is predicted positive, else 0. Without
// clusters each case is a cluster: it holds the decisions of all models on this case. Throws Error
// (kUsage) unless there are 1 to 64 models with as many decisions as labels.
ClusteredTrials clustered_trials(Measure measure, std::span<const std::uint8_t> labels,
                                 std::span<const std::vector<std::uint8_t>> decisions,
                                 std::span<const std::int32_t> clusters);

struct GeeFit {
  std::vector<double> logits;       // per model
  std::vector<double> proportions;  // their inverse logits
  std::vector<double> covariance;   // of the logits, robust, [model][model]
  double correlation = 0;           // of the working correlation
  int iterations = 0;
};

struct GeeResult {
  std::optional<GeeFit> fit;
  std::string undefined;  // why there is none
};

// logit P(success) = beta_model, variance p (1 - p). Exchangeable: Fisher scoring in turn with the
// moment estimate of the correlation
//   alpha = [sum of r_i r_j over pairs in a cluster / (pairs - models)] /
//           [sum of r_i^2 / (trials - models)],   r = (y - p) / sqrt(p (1 - p)),
// until neither changes by more than 1e-12. A step is halved where its sign alternates. The
// robust covariance has no small-sample correction. Sums are compensated and in the order of the
// clusters; the inverse of the working correlation is known in closed form, so a fit costs
// O(clusters * models^2).
GeeResult gee(const ClusteredTrials& trials, WorkingCorrelation correlation);

// Model a against model b of a fit.
struct GeeContrast {
  double log_odds_ratio = 0;
  double standard_error = 0;
  double statistic = 0;         // z
  double p_value = 1;           // two-sided, normal
  double difference = 0;        // of the proportions
  double difference_error = 0;  // its standard error by the delta method
};
// Empty if the variance is 0: the models succeed on the same cases.
std::optional<GeeContrast> gee_contrast(const GeeFit& fit, std::size_t a, std::size_t b);

// All models against each other: Wald's chi-square with models - 1 degrees of freedom. Empty if the
// contrasts depend on each other (two models decide alike).
struct GeeOverall {
  double statistic = 0;
  int degrees_of_freedom = 0;
  double p_value = 1;
};
std::optional<GeeOverall> gee_overall(const GeeFit& fit);

}  // namespace apatite::eval
