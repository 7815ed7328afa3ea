// Against scikit-learn and statsmodels: tests/goldens/eval/metrics.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "eval/evaluation.h"
#include "eval/statistics/distributions.h"
#include "tests/support/source_dir.h"

namespace apatite::eval {
namespace {

constexpr double kClosed = 1e-12;    // closed formulas
constexpr double kIterative = 1e-8;  // iterated fits

const Json& goldens() {
  static const Json all = [] {
    const auto path = source_dir() / "tests/goldens/eval/metrics.json";
    return parse_json(read_file(path, 1 << 22), path.string());
  }();
  return all;
}

void expect_near(double ours, double theirs, double relative, const std::string& what) {
  // Below 1e-15 stands for 0: statsmodels' Wilson limit of 0 of 7 is 5.6e-17.
  EXPECT_LE(std::abs(ours - theirs), relative * std::abs(theirs) + 1e-15)
      << what << ": " << ours << " for " << theirs;
}

ScoreTable table_of(const Json& set, bool weighted) {
  ScoreTable table;
  table.where = "golden";
  table.positive = set["labels"].get<std::vector<std::uint8_t>>();
  table.models.push_back({"m", "m", set["scores"].get<std::vector<double>>()});
  if (weighted) table.weight = set["weights"].get<std::vector<double>>();
  return table;
}

Evaluation run(ScoreTable table, double threshold, ProportionMethod method) {
  EvaluationOptions options;
  options.thresholds = {threshold};
  options.confusion.proportions = method;
  return evaluate(std::move(table), nullptr, options);
}

double value_of(const Evaluation& evaluation, const std::string& id) {
  const Metric* metric = evaluation.models.at(0).find(id);
  EXPECT_TRUE(metric != nullptr && metric->value) << id;
  return metric != nullptr && metric->value ? *metric->value : NAN;
}

double error_of(const Metric& metric) {
  return (metric.interval->high - metric.interval->low) / 2 / -normal_quantile(0.025);
}

TEST(MetricsGolden, MetricsEqualScikitLearn) {
  std::size_t compared = 0;
  for (const Json& set : goldens()["sets"]) {
    for (const bool weighted : {false, true}) {
      const Evaluation evaluation =
          run(table_of(set, weighted), set["threshold"], ProportionMethod::kWilson);
      for (const auto& [id, theirs] : set[weighted ? "weighted" : "metrics"].items()) {
        expect_near(value_of(evaluation, id), theirs, kClosed, id);
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 3U * (18 + 17));
}

TEST(MetricsGolden, ProportionIntervalsEqualStatsmodels) {
  std::size_t compared = 0;
  for (const Json& item : goldens()["proportions"]) {
    for (const auto& [name, theirs] : item["intervals"].items()) {
      const ConfidenceInterval ours =
          proportion_interval(proportion_method(name), item["x"], item["n"], item["confidence"]);
      const std::string what = name + " " + item["x"].dump() + "/" + item["n"].dump();
      expect_near(ours.low, theirs[0], kClosed, what);
      expect_near(ours.high, theirs[1], kClosed, what);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12U * 3 * 4);
}

TEST(MetricsGolden, RatioIntervalsEqualStatsmodels) {
  std::size_t compared = 0;
  for (const Json& set : goldens()["sets"]) {
    const Evaluation evaluation =
        run(table_of(set, false), set["threshold"], ProportionMethod::kWilson);
    for (const auto& [id, theirs] : set["intervals"].items()) {
      const Metric* metric = evaluation.models[0].find(id);
      ASSERT_TRUE(metric != nullptr && metric->interval) << id;
      expect_near(metric->interval->low, theirs[0], kClosed, id);
      expect_near(metric->interval->high, theirs[1], kClosed, id);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12U);
}

TEST(MetricsGolden, CalibrationEqualsStatsmodels) {
  for (const Json& set : goldens()["sets"]) {
    const ScoreTable table = table_of(set, false);
    const auto clusters = set["clusters"].get<std::vector<std::int32_t>>();
    LabelledScores cases{.scores = table.models[0].scores, .positive = table.positive};
    for (const bool clustered : {false, true}) {
      if (clustered) cases.cluster = clusters;
      const auto metrics = calibration_metrics(cases, 10, 0.95);
      for (const auto& [id, name] : {std::pair("calibration_in_the_large", "large"),
                                     std::pair("calibration_intercept", "intercept"),
                                     std::pair("calibration_slope", "slope")}) {
        const Json& theirs = set["calibration"][name];
        const std::string_view wanted = id;
        const auto metric =
            std::find_if(metrics.begin(), metrics.end(),
                         [&](const Metric& candidate) { return candidate.id == wanted; });
        ASSERT_TRUE(metric != metrics.end() && metric->value && metric->interval) << id;
        expect_near(*metric->value, theirs[0], kIterative, id);
        if (clustered && theirs.size() == 2) continue;
        expect_near(error_of(*metric), theirs[clustered ? 2 : 1], kIterative, id);
      }
    }
  }
}

TEST(MetricsGolden, ClusteredProportionsEqualRobustRegression) {
  std::size_t compared = 0;
  for (const Json& set : goldens()["sets"]) {
    const ScoreTable table = table_of(set, false);
    const auto clusters = set["clusters"].get<std::vector<std::int32_t>>();
    const Confusion confusion =
        confusion_at_threshold(table.models[0].scores, table.positive, {}, clusters,
                               set["threshold"], ThresholdOperator::kGreater);
    // Wald of the effective size is -+ z times the error of the ratio estimator.
    for (const Metric& metric :
         confusion_metrics(confusion, {.proportions = ProportionMethod::kWald})) {
      const auto theirs = set["clustered_errors"].find(std::string(metric.id));
      if (theirs == set["clustered_errors"].end()) continue;
      ASSERT_LT(metric.interval->high, 1);
      expect_near(error_of(metric), *theirs, kClosed, std::string(metric.id));
      ++compared;
    }
  }
  EXPECT_EQ(compared, 15U);
}

}  // namespace
}  // namespace apatite::eval
