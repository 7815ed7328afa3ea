// Tests of all models of a study against each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/evaluation.h"
#include "eval/statistics/gee.h"

namespace apatite::eval {

struct ComparisonOptions {
  EvaluationOptions evaluation;  // cases, thresholds, clusters, confidence
  WorkingCorrelation correlation = WorkingCorrelation::kIndependence;
  int bootstrap_draws = 2000;    // 0 leaves the bootstrap out
  int permutation_draws = 2000;  // 0 leaves the permutation test out
  std::uint64_t seed = 1;        // seed of both
};

// One test of one metric between two models, or of all models at once.
struct ComparisonTest {
  std::string_view metric;  // "auc", "sensitivity", ...
  std::string test;         // "delong", "mcnemar-exact", "gee-independence", ...
  // Numbers of the two models; both are empty for a test of all models at once.
  std::optional<std::size_t> a, b;
  std::string undefined;  // why there is no result; the members below are then not set
  std::optional<double> value_a, value_b, difference;
  std::optional<ConfidenceInterval> interval;  // confidence interval of the difference
  std::string_view statistic_name;  // "z", "t", "chi-square"; empty if the p-value is exact
  std::optional<double> statistic, degrees_of_freedom;
  std::optional<double> odds_ratio;  // of GEE only
  double p_value = 1;
  // Adjusted within the pairs of the same metric and test; empty for a test of all models at once.
  std::optional<double> p_holm, p_benjamini_hochberg;
};

struct ModelComparison {
  Evaluation evaluation;
  ComparisonOptions options;
  bool paired = true;
  std::vector<ComparisonTest> tests;
};

// Compares two or more models on the same cases. `tuning` is as for evaluate(). Throws Error
// (kUsage) for a single model or weighted cases, and as evaluate() does.
ModelComparison compare_models(ScoreTable table, const ScoreTable* tuning,
                               const ComparisonOptions& options);

// Compares a model on the cases of `a` with a model on other cases, those of `b`: by DeLong's (or
// Obuchowski's) test for independent studies, by a bootstrap of each study, and by GEE. Throws
// Error (kUsage) if either has several models or weights, or an image is in both.
ModelComparison compare_unpaired(ScoreTable a, ScoreTable b, const ComparisonOptions& options);

}  // namespace apatite::eval
