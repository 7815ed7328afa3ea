#include "eval/comparison_tests.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/math.h"
#include "eval/classification/multiplicity.h"
#include "eval/classification/paired_tests.h"
#include "eval/roc/bootstrap.h"
#include "eval/roc/permutation.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

constexpr std::string_view kSameOrder =
    "the models rank all pairs alike, or a class has one case only";
constexpr std::string_view kSameCases = "the models are right on the same cases";

void set_auc_values(ComparisonTest& test, const std::vector<Placements>& placed) {
  test.value_a = placed[*test.a].counts.value();
  test.value_b = placed[*test.b].counts.value();
}

}  // namespace

Decisions decisions_of(const ScoreTable& table, std::size_t model, double threshold,
                       ThresholdOperator comparison) {
  Decisions decisions;
  decisions.reserve(table.size());
  for (const double score : table.models[model].scores) {
    decisions.push_back(is_positive(score, threshold, comparison) ? 1 : 0);
  }
  return decisions;
}

std::span<const std::int32_t> clusters_of(const ScoreTable& table, const Evaluation& evaluation) {
  if (!evaluation.clustered) return {};
  return table.patient;
}

bool has_scores(const EvaluationOptions& options) {
  return options.level == AggregationLevel::kImage || options.aggregation != Aggregation::kAny;
}

void refuse_weights(const ScoreTable& table) {
  if (table.weight.empty()) return;
  throw Error(ErrorKind::kUsage, table.where, "its cases are weighted, which no comparison takes",
              "leave out --weight");
}

void set_result(ComparisonTest& test, const AucDifference& result) {
  test.difference = result.difference;
  test.interval = result.interval;
  test.statistic_name = result.degrees_of_freedom ? "t" : "z";
  test.statistic = result.statistic;
  test.degrees_of_freedom = result.degrees_of_freedom;
  test.p_value = result.p_value;
}

void set_bootstrap_result(ComparisonTest& test, const std::vector<double>& draws_a,
                          const std::vector<double>& draws_b, double confidence) {
  std::vector<double> differences(std::min(draws_a.size(), draws_b.size()));
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] = draws_a[i] - draws_b[i];
  const double deviation = differences.size() < 2 ? 0 : standard_deviation(differences);
  if (!(deviation > 0)) {
    test.undefined = "the draws do not differ";
    return;
  }
  test.difference = *test.value_a - *test.value_b;
  test.statistic_name = "z";
  test.statistic = *test.difference / deviation;
  test.p_value = 2 * normal_upper(std::abs(*test.statistic));
  test.interval = percentile_interval(std::move(differences), confidence);
}

// The sampled and the exact permutation test never share a family: which one applies depends on the
// number of clusters, which all pairs have in common.
void adjust_p_values(std::vector<ComparisonTest>& tests) {
  std::map<std::pair<std::string_view, std::string>, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    if (tests[i].a && tests[i].undefined.empty()) {
      families[{tests[i].metric, tests[i].test}].push_back(i);
    }
  }
  for (const auto& [name, members] : families) {
    std::vector<double> p_values;
    for (const std::size_t i : members) p_values.push_back(tests[i].p_value);
    const std::vector<double> by_holm = holm(p_values);
    const std::vector<double> by_bh = benjamini_hochberg(p_values);
    for (std::size_t k = 0; k < members.size(); ++k) {
      tests[members[k]].p_holm = by_holm[k];
      tests[members[k]].p_benjamini_hochberg = by_bh[k];
    }
  }
}

ComparisonTests::ComparisonTests(const ScoreTable& table, const Evaluation& evaluation,
                                 const ComparisonOptions& options)
    : table_(table),
      evaluation_(evaluation),
      options_(options),
      cases_{.labels = table.positive, .clusters = clusters_of(table, evaluation)} {}

template <typename Visit>
void ComparisonTests::for_each_pair(Visit visit) {
  for (std::size_t a = 0; a < models(); ++a) {
    for (std::size_t b = a + 1; b < models(); ++b) visit(a, b);
  }
}

ComparisonTest& ComparisonTests::add(std::string_view metric, std::string test, std::size_t a,
                                     std::size_t b) {
  return tests_.emplace_back(
      ComparisonTest{.metric = metric, .test = std::move(test), .a = a, .b = b});
}

void ComparisonTests::add_all() {
  if (has_scores(options_.evaluation)) add_auc_tests();
  add_decision_tests();
}

void ComparisonTests::add_auc_tests() {
  std::vector<Placements> placed;
  for (const ModelScores& model : table_.models) {
    placed.push_back(placements(table_.positive, model.scores));
  }
  for_each_pair([&](std::size_t a, std::size_t b) {
    ComparisonTest& test = add("auc", evaluation_.clustered ? "obuchowski" : "delong", a, b);
    const auto result = paired_auc_difference(cases_, placed[a], placed[b], confidence());
    if (!result) {
      test.undefined = kSameOrder;
      return;
    }
    set_auc_values(test, placed);
    set_result(test, *result);
  });
  if (options_.bootstrap_draws > 0) add_auc_bootstrap(placed);
  if (options_.permutation_draws != 0) add_auc_permutations(placed);
}

void ComparisonTests::add_auc_bootstrap(const std::vector<Placements>& placed) {
  std::vector<std::span<const double>> scores;
  for (const ModelScores& model : table_.models) scores.emplace_back(model.scores);
  const Bootstrap draws = bootstrap_aucs(cases_, scores,
                                         {.draws = options_.bootstrap_draws,
                                          .seed = options_.seed,
                                          .progress = options_.evaluation.progress});
  for_each_pair([&](std::size_t a, std::size_t b) {
    ComparisonTest& test = add("auc", "bootstrap", a, b);
    set_auc_values(test, placed);
    set_bootstrap_result(test, draws.values[a], draws.values[b], confidence());
  });
}

void ComparisonTests::add_auc_permutations(const std::vector<Placements>& placed) {
  for_each_pair([&](std::size_t a, std::size_t b) {
    const PermutationTest result =
        auc_permutation_test(cases_, table_.models[a].scores, table_.models[b].scores,
                             {.draws = options_.permutation_draws,
                              .seed = options_.seed,
                              .progress = options_.evaluation.progress});
    ComparisonTest& test = add("auc", result.exact ? "permutation-exact" : "permutation", a, b);
    set_auc_values(test, placed);
    test.difference = result.difference;
    test.p_value = result.p_value;
  });
}

void ComparisonTests::add_decision_tests() {
  std::vector<Decisions> decisions;
  for (std::size_t i = 0; i < models(); ++i) {
    if (!evaluation_.models[i].threshold) return;
    decisions.push_back(
        decisions_of(table_, i, *evaluation_.models[i].threshold, options_.evaluation.comparison));
  }
  for (const Measure measure : kAllMeasures) {
    // McNemar's and Cochran's tests assume independent cases and the same cases for all models.
    const bool matched = measure != Measure::kPpv && measure != Measure::kNpv;
    if (matched && !evaluation_.clustered) add_matched_tests(measure, decisions);
    add_gee(measure, clustered_trials(measure, table_.positive, decisions, cases_.clusters));
  }
}

void ComparisonTests::add_gee(Measure measure, const ClusteredTrials& trials) {
  const std::string name = "gee-" + std::string(name_of(options_.correlation));
  const GeeResult result = gee(trials, options_.correlation);
  for (std::size_t a = 0; a < trials.models; ++a) {
    for (std::size_t b = a + 1; b < trials.models; ++b) {
      add_gee_pair(add(name_of(measure), name, a, b), result);
    }
  }
  if (trials.models >= 3) add_gee_of_all(measure, name, result);
}

void ComparisonTests::add_gee_pair(ComparisonTest& test, const GeeResult& result) {
  if (!result.fit) {
    test.undefined = result.undefined;
    return;
  }
  const std::optional<GeeContrast> contrast = gee_contrast(*result.fit, *test.a, *test.b);
  if (!contrast) {
    test.undefined = kSameCases;
    return;
  }
  const double factor = normal_factor(confidence());
  test.value_a = result.fit->proportions[*test.a];
  test.value_b = result.fit->proportions[*test.b];
  test.difference = contrast->difference;
  test.interval = {.low = contrast->difference - factor * contrast->difference_error,
                   .high = contrast->difference + factor * contrast->difference_error};
  test.statistic_name = "z";
  test.statistic = contrast->statistic;
  test.odds_ratio = exponential(contrast->log_odds_ratio);
  test.p_value = contrast->p_value;
}

void ComparisonTests::add_gee_of_all(Measure measure, const std::string& name,
                                     const GeeResult& result) {
  ComparisonTest& test =
      tests_.emplace_back(ComparisonTest{.metric = name_of(measure), .test = name});
  const std::optional<GeeOverall> overall = result.fit ? gee_overall(*result.fit) : std::nullopt;
  if (!overall) {
    test.undefined = result.fit ? "two models are right on the same cases" : result.undefined;
    return;
  }
  test.statistic_name = "chi-square";
  test.statistic = overall->statistic;
  test.degrees_of_freedom = overall->degrees_of_freedom;
  test.p_value = overall->p_value;
}

// McNemar's and Cochran's tests: whether each model is right on the cases of the measure.
void ComparisonTests::add_matched_tests(Measure measure, const std::vector<Decisions>& decisions) {
  std::vector<Decisions> right(models());
  for (std::size_t row = 0; row < table_.size(); ++row) {
    const bool positive = table_.positive[row] == 1;
    if ((measure == Measure::kSensitivity && !positive) ||
        (measure == Measure::kSpecificity && positive)) {
      continue;
    }
    for (std::size_t i = 0; i < models(); ++i) {
      right[i].push_back((decisions[i][row] == 1) == positive ? 1 : 0);
    }
  }
  add_mcnemar(measure, right);
  if (models() >= 3) add_cochran(measure, right);
}

void ComparisonTests::add_mcnemar(Measure measure, const std::vector<Decisions>& right) {
  const auto share = [&](std::size_t i) {
    return quotient(static_cast<std::uint64_t>(std::count(right[i].begin(), right[i].end(), 1)),
                    right[i].size());
  };
  for (const bool exact : {true, false}) {
    for_each_pair([&](std::size_t a, std::size_t b) {
      ComparisonTest& test = add(name_of(measure), exact ? "mcnemar-exact" : "mcnemar-mid-p", a, b);
      const std::optional<McNemar> result = mcnemar(right[a], right[b]);
      if (!result) {
        test.undefined = kSameCases;
        return;
      }
      test.value_a = share(a);
      test.value_b = share(b);
      test.difference = *test.value_a - *test.value_b;
      test.p_value = exact ? result->p_exact : result->p_mid;
    });
  }
}

void ComparisonTests::add_cochran(Measure measure, const std::vector<Decisions>& right) {
  ComparisonTest& test =
      tests_.emplace_back(ComparisonTest{.metric = name_of(measure), .test = "cochran"});
  const std::optional<CochranQ> result = cochran_q(right);
  if (!result) {
    test.undefined = kSameCases;
    return;
  }
  test.statistic_name = "chi-square";
  test.statistic = result->statistic;
  test.degrees_of_freedom = result->degrees_of_freedom;
  test.p_value = result->p_value;
}

}  // namespace apatite::eval
