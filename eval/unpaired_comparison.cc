// compare_unpaired(): two models, each on cases of its own.
#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "eval/case_selection.h"
#include "eval/comparison.h"
#include "eval/comparison_tests.h"
#include "eval/roc/bootstrap.h"

namespace apatite::eval {
namespace {

// One of the two studies: its evaluated cases and its evaluation.
struct Study {
  ScoreTable table;
  Evaluation evaluation;

  [[nodiscard]] LabelledCases cases() const {
    return {.labels = table.positive, .clusters = clusters_of(table, evaluation)};
  }
};

Study study_of(ScoreTable&& cases, const ComparisonOptions& options) {
  Study study;
  study.evaluation = evaluate(std::move(cases), nullptr, options.evaluation, &study.table);
  return study;
}

UnpairedAuc unpaired_auc_of(const Study& study) {
  const ScoreTable& table = study.table;
  const Placements placed = placements(table.positive, table.models.front().scores);
  const LabelledCases cases = study.cases();
  std::size_t units = table.size();
  if (study.evaluation.clustered) {
    std::vector<std::uint8_t> seen(cluster_count(cases));
    for (const std::int32_t patient : table.patient) seen[static_cast<std::size_t>(patient)] = 1;
    units = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), 1));
  }
  return {
      .counts = placed.counts, .variance = auc_covariance(cases, placed, placed), .units = units};
}

// The AUC of the one model in bootstrap draws of its own cases.
std::vector<double> bootstrap_of(const Study& study, const ComparisonOptions& options,
                                 std::uint64_t seed) {
  const std::array<std::span<const double>, 1> models{study.table.models.front().scores};
  Bootstrap draws = bootstrap_aucs(
      study.cases(), models,
      {.draws = options.bootstrap_draws, .seed = seed, .progress = options.evaluation.progress});
  return std::move(draws.values.front());
}

void add_auc_tests(std::vector<ComparisonTest>& tests, const Study& a, const Study& b,
                   const ComparisonOptions& options) {
  const double confidence = options.evaluation.confusion.confidence;
  const bool clustered = a.evaluation.clustered || b.evaluation.clustered;
  const UnpairedAuc auc_a = unpaired_auc_of(a);
  const UnpairedAuc auc_b = unpaired_auc_of(b);
  ComparisonTest test{.metric = "auc", .a = 0, .b = 1};
  test.value_a = auc_a.counts.value();
  test.value_b = auc_b.counts.value();
  ComparisonTest bootstrap = test;
  test.test = clustered ? "obuchowski-unpaired" : "delong-unpaired";
  bootstrap.test = "bootstrap-unpaired";
  if (const auto difference = unpaired_auc_difference(auc_a, auc_b, confidence)) {
    set_result(test, *difference);
  } else {
    test.undefined = "the variances are 0, or a class has one case only";
  }
  tests.push_back(std::move(test));
  if (options.bootstrap_draws <= 0) return;
  set_bootstrap_result(bootstrap, bootstrap_of(a, options, options.seed),
                       bootstrap_of(b, options, random_bits(options.seed, 1)), confidence);
  tests.push_back(std::move(bootstrap));
}

ClusteredTrials trials_of(Measure measure, const Study& study, const ComparisonOptions& options) {
  const std::vector<Decisions> decisions{decisions_of(
      study.table, 0, *study.evaluation.models.front().threshold, options.evaluation.comparison)};
  const LabelledCases cases = study.cases();
  return clustered_trials(measure, cases.labels, decisions, cases.clusters);
}

// The clusters of both studies as those of two models: no cluster has trials of both.
ClusteredTrials side_by_side(const ClusteredTrials& a, const ClusteredTrials& b) {
  ClusteredTrials result{.models = 2};
  const auto append = [&](const ClusteredTrials& trials, bool second) {
    for (std::size_t i = 0; i < trials.trials.size(); ++i) {
      for (const bool column : {false, true}) {
        result.trials.push_back(column == second ? trials.trials[i] : 0);
        result.successes.push_back(column == second ? trials.successes[i] : 0);
      }
    }
  };
  append(a, false);
  append(b, true);
  return result;
}

}  // namespace

ModelComparison compare_unpaired(ScoreTable a, ScoreTable b, const ComparisonOptions& options) {
  for (const ScoreTable* table : {&a, &b}) {
    refuse_weights(*table);
    if (table->models.size() == 1) continue;
    throw Error(ErrorKind::kUsage, table->where, "it has several models",
                "--unpaired compares one model of each of two files: name its column (--score)");
  }
  refuse_shared_images(a, b, "leave out --unpaired for models on the same cases");
  const Study first = study_of(std::move(a), options);
  Study second = study_of(std::move(b), options);
  ModelComparison result{.evaluation = first.evaluation, .options = options, .paired = false};
  if (has_scores(options.evaluation)) add_auc_tests(result.tests, first, second, options);
  if (first.evaluation.models.front().threshold) {
    ComparisonTests tests(first.table, first.evaluation, options);
    for (const Measure measure : kAllMeasures) {
      tests.add_gee(measure, side_by_side(trials_of(measure, first, options),
                                          trials_of(measure, second, options)));
    }
    for (ComparisonTest& test : tests.taken()) result.tests.push_back(std::move(test));
  }
  result.evaluation.models.push_back(std::move(second.evaluation.models.front()));
  for (FlowStep& step : second.evaluation.flow) {
    step.what += " of " + result.evaluation.models[1].name;
    result.evaluation.flow.push_back(std::move(step));
  }
  adjust_p_values(result.tests);
  return result;
}

}  // namespace apatite::eval
