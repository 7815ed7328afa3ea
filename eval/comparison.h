// All models of a study against each other.
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
  EvaluationOptions evaluation;  // which cases, at what threshold, clustered or not; the confidence
  WorkingCorrelation correlation = WorkingCorrelation::kIndependence;
  int bootstrap_draws = 2000;    // 0: no bootstrap
  int permutation_draws = 2000;  // 0: no permutation test
  std::uint64_t seed = 1;        // of both
};

// One test of one metric between two models, or of all models at once.
struct ComparisonTest {
  std::string_view metric;  // "auc", "sensitivity", ...
  std::string test;         // "delong", "mcnemar-exact", "gee-independence", ...
  // Numbers of models; both empty: all.
  std::optional<std::size_t> a, b;
  std::string undefined;  // why there is no result; then none of what follows
  std::optional<double> value_a, value_b, difference;
  std::optional<ConfidenceInterval> interval;  // of the difference
  std::string_view statistic_name;  // "z", "t", "chi-square"; empty: the p-value is exact
  std::optional<double> statistic, degrees_of_freedom;
  std::optional<double> odds_ratio;  // of GEE
  double p_value = 1;
  // Adjusted within the pairs of the same metric and test; empty for a test of all models.
  std::optional<double> p_holm, p_benjamini_hochberg;
};

struct ModelComparison {
  Evaluation evaluation;
  ComparisonOptions options;
  bool paired = true;
  std::vector<ComparisonTest> tests;
};

// Two or more models on the same cases. Throws Error (kUsage) for one model or weighted cases, and
// as evaluate() does.
ModelComparison compare_models(ScoreTable table, const ScoreTable* tuning,
                               const ComparisonOptions& options);

// One model on the cases of `a` and one on other cases, `b`: DeLong's test for independent cases,
// the bootstrap of each study by itself, and GEE. Throws Error (kUsage) if either has several
// models, or an image is in both.
ModelComparison compare_unpaired(ScoreTable a, ScoreTable b, const ComparisonOptions& options);

}  // namespace apatite::eval
