// The outputs of an evaluation: JSON, tables, plots and the curves behind them.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <span>

#include "base/sha256.h"
#include "base/text.h"
#include "eval/classification/effective_sample_size.h"
#include "eval/report/metrics_json.h"
#include "eval/report/metrics_plots.h"
#include "eval/report/metrics_table.h"
#include "eval/statistics/metric_definitions.h"
#include "tests/eval/random_scores.h"
#include "tests/eval/small_study.h"

namespace apatite::eval {
namespace {

TEST(Outputs, JsonHasEveryMetricWithItsDefinition) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.thresholds = {0.5};
  options.confusion.prevalence = 0.05;
  const Evaluation evaluation = evaluate_text(study(), options);
  const Json json = metrics_json(evaluation);
  std::set<std::string> defined;
  for (const MetricDefinition& definition : metric_definitions()) {
    const std::string id(definition.id);
    EXPECT_TRUE(defined.insert(id).second) << id;
    EXPECT_TRUE(json["models"][0]["metrics"].contains(id)) << id;
    EXPECT_EQ(json["definitions"][id]["formula"], definition.formula);
  }
  EXPECT_EQ(json["models"][0]["metrics"].size(), defined.size());
  const Json& auc = json["models"][0]["metrics"]["auc"];
  EXPECT_EQ(auc["value"].get<double>(),
            auc["ratio"]["numerator"].get<double>() / auc["ratio"]["denominator"].get<double>());
  EXPECT_EQ(json["comparison"], ">");
  EXPECT_EQ(json["flow"][0], (Json{{"what", "cases read"}, {"count", 90}}));
  // The same bytes again.
  EXPECT_EQ(to_text(json), to_text(metrics_json(evaluate_text(study(), options))));
  EXPECT_EQ(to_text(json).find("null"), std::string::npos);
}

TEST(Outputs, PlotsShowWhatTheyHave) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.thresholds = {0.5};
  options.curves = true;
  std::set<std::string> names;
  for (const NamedPlot& plot : metrics_plots(evaluate_text(study(), options))) {
    names.insert(plot.name);
    EXPECT_TRUE(plot.svg.starts_with("<svg ")) << plot.name;
    EXPECT_TRUE(plot.svg.ends_with("</svg>\n")) << plot.name;
    EXPECT_EQ(plot.svg.find("nan"), std::string::npos) << plot.name;
    EXPECT_NE(plot.svg.find(plot.name == "scores.svg" ? "<rect" : "<path"), std::string::npos);
  }
  EXPECT_EQ(names, (std::set<std::string>{"roc.svg", "precision_recall.svg", "calibration.svg",
                                          "decision.svg", "scores.svg"}));
  const std::string logits = "image,label,s\na,1,2.5\nb,0,-1\nc,1,-2\n";
  names.clear();
  for (const NamedPlot& plot : metrics_plots(evaluate_text(logits, {.curves = true}))) {
    names.insert(plot.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"roc.svg", "precision_recall.svg", "scores.svg"}));
}

// Every figure and picture, whatever the processor, compiler or C library: no function of the
// system's mathematical library is called, and sums have one order.
TEST(Outputs, HaveTheseBytesOnEveryMachine) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.thresholds = {0.5};
  options.curves = true;
  options.confusion.prevalence = 0.05;
  std::string bytes;
  for (const AucMethod method :
       {AucMethod::kDeLong, AucMethod::kLogitDeLong, AucMethod::kHanleyMcNeil,
        AucMethod::kBootstrapPercentile, AucMethod::kBootstrapBca}) {
    for (const bool clustered : {false, true}) {
      if (clustered && method == AucMethod::kHanleyMcNeil) continue;
      options.auc = method;
      options.clustered = clustered;
      const Evaluation evaluation = evaluate_text(study(3), options);
      bytes += to_text(metrics_json(evaluation)["models"]);
      for (const NamedPlot& plot : metrics_plots(evaluation)) bytes += plot.svg;
    }
  }
  EXPECT_EQ(sha256_hex(std::as_bytes(std::span(bytes))),
            "5c73873a1bd7f5a14d49c47b8a49dc3094f9311a0ed0dcf4ad3a32e6e2f5e422");
}

// What is kept from step to step is what counting anew gives, up to rounding: of some hundred terms
// below 1, none of whose sums loses more than a few units in the last place of the largest.
TEST(Outputs, EffectiveSampleSizesAreEffectiveSizes) {
  const RandomScores data = random_scores(41, 300, 40);
  std::vector<double> weights;
  std::vector<std::int32_t> clusters;
  for (std::uint64_t i = 0; i < 300; ++i) {
    weights.push_back(static_cast<double>(random_bits(42, i) % 4));
    clusters.push_back(static_cast<std::int32_t>(random_bits(43, i) % 90));
  }
  for (const bool weighted : {false, true}) {
    for (const bool clustered : {false, true}) {
      LabelledScores cases{.scores = data.scores, .positive = data.labels};
      if (weighted) cases.weight = weights;
      if (clustered) cases.cluster = clusters;
      EffectiveSampleSize positive(cases, true);
      EffectiveSampleSize negative(cases, false);
      for (int step = 40; step-- > 0;) {
        const double threshold = step / 40.0;
        for (std::size_t row = 0; row < 300; ++row) {
          if (data.scores[row] != threshold) continue;
          positive.predict_positive(row);
          negative.predict_positive(row);
        }
        const Confusion confusion =
            confusion_at_threshold(cases.scores, cases.positive, cases.weight, cases.cluster,
                                   threshold, ThresholdOperator::kGreaterOrEqual);
        const double expected = effective_size(confusion, {1, 0, 0, 0}, {1, 1, 0, 0});
        EXPECT_NEAR(positive.value(), expected, 1e-10 * expected) << step;
        const double other = effective_size(confusion, {0, 0, 1, 0}, {0, 0, 1, 1});
        EXPECT_NEAR(negative.value(), other, 1e-10 * other) << step;
      }
    }
  }
}

TEST(Outputs, TheBandHoldsTheCurve) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.curves = true;
  for (const bool clustered : {false, true}) {
    options.clustered = clustered;
    const Curves curves = evaluate_text(study(2), options).models[0].curves;
    ASSERT_GT(curves.roc.size(), 10U);
    for (const auto& side : {curves.roc_low, curves.roc_high}) {
      for (std::size_t i = 1; i < side.size(); ++i) {
        EXPECT_GE(side[i].x, side[i - 1].x);
        EXPECT_GE(side[i].y, side[i - 1].y);
      }
    }
    for (const auto& point : curves.roc) {
      for (const auto& low : curves.roc_low) {
        if (low.x < point.x) {
          EXPECT_LE(low.y, point.y);
        }
      }
      for (const auto& high : curves.roc_high) {
        if (high.x > point.x) {
          EXPECT_GE(high.y, point.y);
        }
      }
    }
  }
}

}  // namespace
}  // namespace apatite::eval
