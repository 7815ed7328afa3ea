// The tests between the models of one study, pair by pair. compare_models() and compare_unpaired()
// (comparison.h) put their results together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/comparison.h"
#include "eval/roc/auc_difference.h"

namespace apatite::eval {

// 1 for each case that the model predicts positive at its threshold, else 0.
using Decisions = std::vector<std::uint8_t>;
Decisions decisions_of(const ScoreTable& table, std::size_t model, double threshold,
                       ThresholdOperator comparison);

// The patients of the cases if the evaluation is clustered by patient; else no clusters.
std::span<const std::int32_t> clusters_of(const ScoreTable& table, const Evaluation& evaluation);

// Whether the cases have scores with an order, so that AUCs can be compared.
bool has_scores(const EvaluationOptions& options);

// Throws Error (kUsage) if the cases have weights.
void refuse_weights(const ScoreTable& table);

// Writes the result of a test of AUCs into `test`.
void set_result(ComparisonTest& test, const AucDifference& result);
// Writes the result of a bootstrap into `test`, which already has value_a and value_b: z is their
// difference over the standard deviation of the differences between the draws, and the interval
// lies between percentiles of those differences. Draws without an AUC were left out before, so that
// one side may have more draws than the other; the additional draws are then ignored.
void set_bootstrap_result(ComparisonTest& test, const std::vector<double>& draws_a,
                          const std::vector<double>& draws_b, double confidence);

// Adjusts the p-values. The pairs of models that have the same metric and the same test are one
// family; tests of all models at once are not adjusted.
void adjust_p_values(std::vector<ComparisonTest>& tests);

// Collects the tests of one study. `table` holds the evaluated cases. All arguments must outlive
// the object.
class ComparisonTests {
 public:
  ComparisonTests(const ScoreTable& table, const Evaluation& evaluation,
                  const ComparisonOptions& options);

  // All tests that the cases and options allow: of AUCs, and of binary decisions where each model
  // has a threshold.
  void add_all();
  // GEE for one measure: each pair of models, and all models at once if there are three or more.
  void add_gee(Measure measure, const ClusteredTrials& trials);

  std::vector<ComparisonTest> taken() { return std::move(tests_); }

 private:
  [[nodiscard]] std::size_t models() const { return table_.models.size(); }
  [[nodiscard]] double confidence() const { return options_.evaluation.confusion.confidence; }
  template <typename Visit>
  void for_each_pair(Visit visit);
  ComparisonTest& add(std::string_view metric, std::string test, std::size_t a, std::size_t b);

  void add_auc_tests();
  void add_auc_bootstrap(const std::vector<Placements>& placed);
  void add_auc_permutations(const std::vector<Placements>& placed);
  void add_decision_tests();
  void add_gee_pair(ComparisonTest& test, const GeeResult& result);
  void add_gee_of_all(Measure measure, const std::string& name, const GeeResult& result);
  void add_matched_tests(Measure measure, const std::vector<Decisions>& decisions);
  void add_mcnemar(Measure measure, const std::vector<Decisions>& right);
  void add_cochran(Measure measure, const std::vector<Decisions>& right);

  const ScoreTable& table_;
  const Evaluation& evaluation_;
  const ComparisonOptions& options_;
  LabelledCases cases_;
  std::vector<ComparisonTest> tests_;
};

}  // namespace apatite::eval
