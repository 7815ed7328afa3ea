// Generalized estimating equations (Liang, Zeger 1986) for the proportion of right calls of several
// models on the same, clustered cases: which is how sensitivity, specificity, accuracy and the
// predictive values are compared where a patient has several images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::eval {

// What is a success, and among which calls.
enum class Measure {
  kSensitivity,  // called positive, of the positive cases
  kSpecificity,  // called negative, of the negative cases
  kAccuracy,     // called what it is, of all cases
  kPpv,          // positive, of the cases called positive
  kNpv,          // negative, of the cases called negative
};
std::string_view name_of(Measure measure);

// How the outcomes of a cluster are taken to depend on each other. The variance is robust: it holds
// also where this is wrong.
enum class WorkingCorrelation { kIndependence, kExchangeable };
std::string_view name_of(WorkingCorrelation correlation);

// Successes and trials of each cluster and model, [cluster][model].
struct ClusteredTrials {
  std::size_t models = 0;
  std::vector<std::uint32_t> trials;
  std::vector<std::uint32_t> successes;
};

// `calls` holds per model 1 where a case is called positive, else 0. Without clusters each case is
// one (the calls of all models on it).
ClusteredTrials clustered_trials(Measure measure, std::span<const std::uint8_t> labels,
                                 std::span<const std::vector<std::uint8_t>> calls,
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
// until neither changes by more than 1e-12; either goes half way where it swings to and fro. The
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
// contrasts depend on each other (two models call alike).
struct GeeOverall {
  double statistic = 0;
  int degrees_of_freedom = 0;
  double p_value = 1;
};
std::optional<GeeOverall> gee_overall(const GeeFit& fit);

}  // namespace apatite::eval
