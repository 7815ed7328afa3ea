#include "eval/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/math.h"
#include "base/random.h"
#include "base/text.h"
#include "eval/classification/paired_tests.h"
#include "eval/roc/auc_difference.h"
#include "eval/roc/bootstrap.h"
#include "eval/roc/permutation.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

constexpr std::array<Measure, 5> kMeasures{Measure::kSensitivity, Measure::kSpecificity,
                                           Measure::kAccuracy, Measure::kPpv, Measure::kNpv};
constexpr std::string_view kAlike = "the models rank all pairs alike, or a class has one case only";

using Calls = std::vector<std::uint8_t>;

Calls calls_of(const ScoreTable& table, std::size_t model, double threshold,
               ThresholdOperator comparison) {
  Calls calls;
  calls.reserve(table.size());
  for (const double score : table.models[model].scores) {
    calls.push_back(is_positive(score, threshold, comparison) ? 1 : 0);
  }
  return calls;
}

std::span<const std::int32_t> clusters_of(const ScoreTable& table, const Evaluation& evaluation) {
  if (!evaluation.clustered) return {};
  return table.patient;
}

bool has_scores(const EvaluationOptions& options) {
  return options.level == Level::kImage || options.aggregation != Aggregation::kAny;
}

void take(ComparisonTest& test, const AucDifference& result) {
  test.difference = result.difference;
  test.interval = result.interval;
  test.statistic_name = result.degrees_of_freedom ? "t" : "z";
  test.statistic = result.statistic;
  test.degrees_of_freedom = result.degrees_of_freedom;
  test.p_value = result.p_value;
}

// z = difference / standard deviation of the draws' differences; the interval is their percentiles.
// Of draws without an AUC, which are left out, one side may have more than the other.
void take_bootstrap(ComparisonTest& test, const std::vector<double>& draws_a,
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

// The tests of one study, model pair by model pair.
class Tests {
 public:
  Tests(const ScoreTable& table, const Evaluation& evaluation, const ComparisonOptions& options)
      : table_(table),
        evaluation_(evaluation),
        options_(options),
        cases_{.labels = table.positive, .clusters = clusters_of(table, evaluation)} {}

  void add_all() {
    add_auc_tests();
    add_call_tests();
  }

  void add_gee(Measure measure, const ClusteredTrials& trials) {
    const std::string name = "gee-" + std::string(name_of(options_.correlation));
    const GeeResult result = gee(trials, options_.correlation);
    const double factor = normal_factor(confidence());
    for (std::size_t a = 0; a < trials.models; ++a) {
      for (std::size_t b = a + 1; b < trials.models; ++b) {
        ComparisonTest& test = add(name_of(measure), name, a, b);
        if (!result.fit) {
          test.undefined = result.undefined;
          continue;
        }
        const std::optional<GeeContrast> contrast = gee_contrast(*result.fit, a, b);
        if (!contrast) {
          test.undefined = "the models are right on the same cases";
          continue;
        }
        test.value_a = result.fit->proportions[a];
        test.value_b = result.fit->proportions[b];
        test.difference = contrast->difference;
        test.interval =
            ConfidenceInterval{contrast->difference - factor * contrast->difference_error,
                               contrast->difference + factor * contrast->difference_error};
        test.statistic_name = "z";
        test.statistic = contrast->statistic;
        test.odds_ratio = exponential(contrast->log_odds_ratio);
        test.p_value = contrast->p_value;
      }
    }
    if (trials.models < 3) return;
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

  std::vector<ComparisonTest> taken() { return std::move(tests_); }

 private:
  [[nodiscard]] std::size_t models() const { return table_.models.size(); }
  [[nodiscard]] double confidence() const { return options_.evaluation.confusion.confidence; }

  template <typename Visit>
  void for_each_pair(Visit visit) {
    for (std::size_t a = 0; a < models(); ++a) {
      for (std::size_t b = a + 1; b < models(); ++b) visit(a, b);
    }
  }

  ComparisonTest& add(std::string_view metric, std::string test, std::size_t a, std::size_t b) {
    return tests_.emplace_back(
        ComparisonTest{.metric = metric, .test = std::move(test), .a = a, .b = b});
  }

  void add_auc_tests() {
    if (!has_scores(options_.evaluation)) return;
    std::vector<Placements> placed;
    for (const ModelScores& model : table_.models) {
      placed.push_back(placements(table_.positive, model.scores));
    }
    const auto values = [&](ComparisonTest& test) {
      test.value_a = placed[*test.a].counts.value();
      test.value_b = placed[*test.b].counts.value();
    };
    for_each_pair([&](std::size_t a, std::size_t b) {
      ComparisonTest& test = add("auc", evaluation_.clustered ? "obuchowski" : "delong", a, b);
      const auto result = paired_auc_difference(cases_, placed[a], placed[b], confidence());
      if (!result) {
        test.undefined = kAlike;
        return;
      }
      values(test);
      take(test, *result);
    });
    if (options_.bootstrap_draws > 0) {
      const Bootstrap draws = draw();
      for_each_pair([&](std::size_t a, std::size_t b) {
        ComparisonTest& test = add("auc", "bootstrap", a, b);
        values(test);
        take_bootstrap(test, draws.values[a], draws.values[b], confidence());
      });
    }
    if (options_.permutation_draws == 0) return;
    for_each_pair([&](std::size_t a, std::size_t b) {
      const PermutationTest result =
          auc_permutation_test(cases_, table_.models[a].scores, table_.models[b].scores,
                               {.draws = options_.permutation_draws,
                                .seed = options_.seed,
                                .tell = options_.evaluation.tell});
      ComparisonTest& test = add("auc", result.exact ? "permutation-exact" : "permutation", a, b);
      values(test);
      test.difference = result.difference;
      test.p_value = result.p_value;
    });
  }

  [[nodiscard]] Bootstrap draw() const {
    std::vector<std::span<const double>> scores;
    for (const ModelScores& model : table_.models) scores.emplace_back(model.scores);
    return bootstrap_aucs(cases_, scores,
                          {.draws = options_.bootstrap_draws,
                           .seed = options_.seed,
                           .tell = options_.evaluation.tell});
  }

  void add_call_tests() {
    std::vector<Calls> calls;
    for (std::size_t i = 0; i < models(); ++i) {
      if (!evaluation_.models[i].threshold) return;
      calls.push_back(
          calls_of(table_, i, *evaluation_.models[i].threshold, options_.evaluation.comparison));
    }
    for (const Measure measure : kMeasures) {
      // McNemar's and Cochran's tests take cases as independent.
      const bool matched = measure != Measure::kPpv && measure != Measure::kNpv;
      if (matched && !evaluation_.clustered) add_matched_tests(measure, calls);
      add_gee(measure, clustered_trials(measure, table_.positive, calls, cases_.clusters));
    }
  }

  // McNemar and Cochran: whether each model is right on the cases that count.
  void add_matched_tests(Measure measure, const std::vector<Calls>& calls) {
    std::vector<Calls> right(models());
    for (std::size_t row = 0; row < table_.size(); ++row) {
      const bool positive = table_.positive[row] == 1;
      if ((measure == Measure::kSensitivity && !positive) ||
          (measure == Measure::kSpecificity && positive)) {
        continue;
      }
      for (std::size_t i = 0; i < models(); ++i) {
        right[i].push_back((calls[i][row] == 1) == positive ? 1 : 0);
      }
    }
    const auto share = [&](std::size_t i) {
      return quotient(static_cast<std::uint64_t>(std::count(right[i].begin(), right[i].end(), 1)),
                      right[i].size());
    };
    for (const bool exact : {true, false}) {
      for_each_pair([&](std::size_t a, std::size_t b) {
        ComparisonTest& test =
            add(name_of(measure), exact ? "mcnemar-exact" : "mcnemar-mid-p", a, b);
        const std::optional<McNemar> result = mcnemar(right[a], right[b]);
        if (!result) {
          test.undefined = "the models are right on the same cases";
          return;
        }
        test.value_a = share(a);
        test.value_b = share(b);
        test.difference = *test.value_a - *test.value_b;
        test.p_value = exact ? result->p_exact : result->p_mid;
      });
    }
    if (models() < 3) return;
    ComparisonTest& test =
        tests_.emplace_back(ComparisonTest{.metric = name_of(measure), .test = "cochran"});
    const std::optional<CochranQ> result = cochran_q(right);
    if (!result) {
      test.undefined = "the models are right on the same cases";
      return;
    }
    test.statistic_name = "chi-square";
    test.statistic = result->statistic;
    test.degrees_of_freedom = result->degrees_of_freedom;
    test.p_value = result->p_value;
  }

  const ScoreTable& table_;
  const Evaluation& evaluation_;
  const ComparisonOptions& options_;
  Cases cases_;
  std::vector<ComparisonTest> tests_;
};

// Pairs of the same metric and test are one family. ("permutation" and its exact form are one test
// and never in one family: which it is depends on the number of clusters.)
void adjust(std::vector<ComparisonTest>& tests) {
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

void refuse_weights(const ScoreTable& table) {
  if (table.weight.empty()) return;
  throw Error(ErrorKind::kUsage, table.where, "its cases are weighted, which no comparison takes",
              "leave out --weight");
}

UnpairedAuc side_of(const ScoreTable& table, bool clustered) {
  const Placements placed = placements(table.positive, table.models.front().scores);
  Cases cases{.labels = table.positive};
  std::size_t units = table.size();
  if (clustered) {
    cases.clusters = table.patient;
    std::vector<std::uint8_t> seen(cluster_count(cases));
    for (const std::int32_t patient : table.patient) seen[static_cast<std::size_t>(patient)] = 1;
    units = static_cast<std::size_t>(std::count(seen.begin(), seen.end(), 1));
  }
  return {
      .counts = placed.counts, .variance = auc_covariance(cases, placed, placed), .units = units};
}

// The AUC of the one model in draws of its own.
std::vector<double> draws_of(const ScoreTable& table, const Evaluation& evaluation,
                             const ComparisonOptions& options, std::uint64_t seed) {
  const std::array<std::span<const double>, 1> models{table.models.front().scores};
  Bootstrap draws = bootstrap_aucs(
      {.labels = table.positive, .clusters = clusters_of(table, evaluation)}, models,
      {.draws = options.bootstrap_draws, .seed = seed, .tell = options.evaluation.tell});
  return std::move(draws.values.front());
}

// Two studies side by side: no cluster has trials of both models.
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

// "a, b and 3 more" of the images that are in both.
void refuse_shared_images(const ScoreTable& a, const ScoreTable& b) {
  std::vector<std::string> shared;
  std::size_t count = 0;
  for (std::size_t i = 0; i < b.images.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (a.images.size() == 0 || a.images.find(b.images.raw(id)) < 0) continue;
    if (++count <= 3) shared.push_back(quote(b.images.name(id)));
  }
  if (count == 0) return;
  throw Error(ErrorKind::kUsage, b.where,
              with_thousands(static_cast<std::int64_t>(count)) + " of its images are in " +
                  a.where + " too: " + join(shared) + (count > 3 ? ", .." : ""),
              "leave out --unpaired for models on the same cases");
}

}  // namespace

ModelComparison compare_models(ScoreTable table, const ScoreTable* tuning,
                               const ComparisonOptions& options) {
  refuse_weights(table);
  if (table.models.size() < 2) {
    throw Error(ErrorKind::kUsage, table.where,
                "there is one model, and nothing to compare it with",
                "name two columns (--score) or two files");
  }
  ModelComparison result{.options = options};
  ScoreTable reported;
  result.evaluation = evaluate(std::move(table), tuning, options.evaluation, &reported);
  Tests tests(reported, result.evaluation, options);
  tests.add_all();
  result.tests = tests.taken();
  if (result.evaluation.clustered && result.evaluation.models.front().threshold) {
    result.evaluation.notes.emplace_back(
        "McNemar's and Cochran's tests take cases as independent and are left out; GEE takes the "
        "cases of a patient together");
  }
  adjust(result.tests);
  return result;
}

ModelComparison compare_unpaired(ScoreTable a, ScoreTable b, const ComparisonOptions& options) {
  for (const ScoreTable* table : {&a, &b}) {
    refuse_weights(*table);
    if (table->models.size() == 1) continue;
    throw Error(ErrorKind::kUsage, table->where, "it has several models",
                "--unpaired compares one model of each of two files: name its column (--score)");
  }
  refuse_shared_images(a, b);
  ModelComparison result{.options = options, .paired = false};
  ScoreTable reported_a;
  ScoreTable reported_b;
  result.evaluation = evaluate(std::move(a), nullptr, options.evaluation, &reported_a);
  Evaluation other = evaluate(std::move(b), nullptr, options.evaluation, &reported_b);

  if (has_scores(options.evaluation)) {
    ComparisonTest test{.metric = "auc", .test = "delong-unpaired", .a = 0, .b = 1};
    const UnpairedAuc side_a = side_of(reported_a, result.evaluation.clustered);
    const UnpairedAuc side_b = side_of(reported_b, other.clustered);
    if (result.evaluation.clustered || other.clustered) test.test = "obuchowski-unpaired";
    test.value_a = side_a.counts.value();
    test.value_b = side_b.counts.value();
    const auto difference =
        unpaired_auc_difference(side_a, side_b, options.evaluation.confusion.confidence);
    if (difference) {
      take(test, *difference);
    } else {
      test.undefined = "the variances are 0, or a class has one case only";
    }
    ComparisonTest bootstrap{.metric = "auc",
                             .test = "bootstrap-unpaired",
                             .a = 0,
                             .b = 1,
                             .value_a = test.value_a,
                             .value_b = test.value_b};
    result.tests.push_back(std::move(test));
    if (options.bootstrap_draws > 0) {
      take_bootstrap(bootstrap, draws_of(reported_a, result.evaluation, options, options.seed),
                     draws_of(reported_b, other, options, random_bits(options.seed, 1)),
                     options.evaluation.confusion.confidence);
      result.tests.push_back(std::move(bootstrap));
    }
  }
  if (result.evaluation.models[0].threshold) {
    Tests tests(reported_a, result.evaluation, options);
    const std::vector<Calls> calls_a{calls_of(reported_a, 0, *result.evaluation.models[0].threshold,
                                              options.evaluation.comparison)};
    const std::vector<Calls> calls_b{
        calls_of(reported_b, 0, *other.models[0].threshold, options.evaluation.comparison)};
    for (const Measure measure : kMeasures) {
      tests.add_gee(measure,
                    side_by_side(clustered_trials(measure, reported_a.positive, calls_a,
                                                  clusters_of(reported_a, result.evaluation)),
                                 clustered_trials(measure, reported_b.positive, calls_b,
                                                  clusters_of(reported_b, other))));
    }
    for (ComparisonTest& test : tests.taken()) result.tests.push_back(std::move(test));
  }
  result.evaluation.models.push_back(std::move(other.models.front()));
  for (FlowStep& step : other.flow) {
    step.what += " of " + result.evaluation.models[1].name;
    result.evaluation.flow.push_back(std::move(step));
  }
  adjust(result.tests);
  return result;
}

}  // namespace apatite::eval
