#include "eval/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "eval/report/metrics_json.h"
#include "eval/report/metrics_table.h"
#include "tests/eval/small_study.h"

namespace apatite::eval {
namespace {

std::string refusal(const std::string& text, const EvaluationOptions& options,
                    const std::string& tuning = "") {
  try {
    if (tuning.empty()) {
      (void)evaluate_text(text, options);
    } else {
      const ScoreTable other = parse_scores(tuning, "t.csv", kColumns);
      (void)evaluate(parse_scores(text, "x.csv", kColumns), &other, options);
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string reason(const Evaluation& evaluation, std::string_view id) {
  const Metric* metric = evaluation.models.at(0).find(id);
  if (metric == nullptr) return "missing";
  EXPECT_FALSE(metric->value) << id;
  return metric->undefined;
}

TEST(Evaluation, SaysWhyAMetricIsUndefined) {
  const Evaluation perfect = evaluate_counts({parse_counts("3,0,0,4")}, {});
  EXPECT_EQ(reason(perfect, "lr_positive"), "no false positives");
  EXPECT_EQ(reason(perfect, "diagnostic_odds_ratio"), "no false positives");
  EXPECT_EQ(reason(perfect, "biopsies_avoided_per_cancer_missed"), "no cancer is missed");
  EXPECT_EQ(*perfect.models[0].find("sensitivity")->value, 1);
  EXPECT_EQ(*perfect.models[0].find("lr_negative")->value, 0);
  EXPECT_EQ(perfect.models[0].find("lr_negative")->no_interval,
            "the estimate is at the end of its range");

  const Evaluation no_negatives = evaluate_counts({parse_counts("3,2,0,0")}, {});
  for (const std::string_view id : {"specificity", "balanced_accuracy", "youden_j", "lr_positive",
                                    "lr_negative", "diagnostic_odds_ratio", "mcc"}) {
    EXPECT_EQ(reason(no_negatives, id), "no negatives") << id;
  }
  const Evaluation no_positives = evaluate_counts({parse_counts("0,0,0,5")}, {});
  EXPECT_EQ(reason(no_positives, "sensitivity"), "no positives");
  EXPECT_EQ(reason(no_positives, "ppv"), "no case is called positive");
  EXPECT_EQ(reason(no_positives, "f1"), "no positives and no case called positive");
  EXPECT_EQ(reason(no_positives, "kappa"), "labels and calls are all the same");
  const Evaluation all_called = evaluate_counts({parse_counts("3,0,2,0")}, {});
  EXPECT_EQ(reason(all_called, "npv"), "no case is called negative");
  EXPECT_EQ(reason(all_called, "mcc"), "no case is called negative");
  EXPECT_EQ(reason(all_called, "lr_negative"), "no true negatives");
}

TEST(Evaluation, EveryMetricIsFiniteOrSaysWhy) {
  // All tables of up to three cases per cell.
  for (int code = 1; code < 256; ++code) {
    EvaluationOptions options;
    options.confusion.prevalence = 0.1;
    const CountedModel model{"m", code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
    const Evaluation evaluation = evaluate_counts({model}, options);
    for (const Metric& metric : evaluation.models[0].metrics) {
      ASSERT_NE(metric.value.has_value(), !metric.undefined.empty()) << metric.id << " " << code;
      if (!metric.value) continue;
      EXPECT_TRUE(std::isfinite(*metric.value)) << metric.id << " " << code;
      ASSERT_NE(metric.interval.has_value(), !metric.no_interval.empty()) << metric.id << code;
      if (!metric.interval) continue;
      EXPECT_LE(metric.interval->low, *metric.value) << metric.id << " " << code;
      EXPECT_GE(metric.interval->high, *metric.value) << metric.id << " " << code;
      EXPECT_TRUE(std::isfinite(metric.interval->high));
    }
  }
}

TEST(Evaluation, PredictiveValuesAtThePrevalenceOfTheCasesAreTheirs) {
  EvaluationOptions options;
  options.confusion.prevalence = 97.0 / 260;
  const ModelEvaluation model = evaluate_counts({parse_counts("63,34,14,149")}, options).models[0];
  // A few roundings of numbers near 1.
  EXPECT_NEAR(*model.find("ppv_at_prevalence")->value, *model.find("ppv")->value, 8e-16);
  EXPECT_NEAR(*model.find("npv_at_prevalence")->value, *model.find("npv")->value, 8e-16);
}

TEST(Evaluation, ReadsCountsOrRefusesThem) {
  EXPECT_EQ(parse_counts("A=b=1,2,3,4").name, "A=b");
  EXPECT_EQ(parse_counts("1,2,3,4").fp, 3);
  for (const std::string_view text :
       {"", "1,2,3", "1,2,3,4,5", "1,2,3,-4", "1,2,3,4x", "a,2,3,4", "=1,2,3,4", "1,,3,4",
        "1.5,2,3,4", "99999999999999999999,1,1,1"}) {
    EXPECT_THROW((void)parse_counts(text), Error) << text;
  }
  EXPECT_THROW((void)parse_counts("0,0,0,0"), Error);
}

TEST(Evaluation, ChoosesTheThresholdOnAnotherSplit) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.threshold_split = "validation";
  options.rule = parse_threshold_rule("youden");
  const Evaluation evaluation = evaluate_text(study(), options);
  const ModelEvaluation& model = evaluation.models[0];
  EXPECT_EQ(model.threshold_on, "split validation");
  EXPECT_FALSE(model.threshold_from_test);
  EXPECT_EQ(model.confusion->total(), 45);
  // The same threshold as from the other cases alone.
  EvaluationOptions other;
  other.splits = {"validation"};
  other.rule = options.rule;
  other.from_test = true;
  const Evaluation on_validation = evaluate_text(study(), other);
  EXPECT_EQ(on_validation.models[0].threshold, model.threshold);
  EXPECT_TRUE(on_validation.models[0].threshold_from_test);
  EXPECT_NE(description(on_validation)
                .find("WARNING (T): the threshold was chosen on the "
                      "reported cases"),
            std::string::npos);
  EXPECT_NE(summary_table(on_validation, TableFormat::kLatex).find("(T)"), std::string::npos);
  EXPECT_TRUE(metrics_json(on_validation)["models"][0]["threshold"]["from_test"]);
}

TEST(Evaluation, RefusesThresholdsFromTheReportedCases) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.rule = parse_threshold_rule("youden");
  EXPECT_EQ(refusal(study(), options),
            "threshold: the rule 'youden' has no cases to choose on; name other cases "
            "(--threshold-split or --threshold-file), or pass --threshold-from-test, which every "
            "output says");
  options.threshold_split = "test";
  EXPECT_EQ(refusal(study(), options),
            "threshold: the split 'test' is reported itself; choose on another one, or pass "
            "--threshold-from-test, which every output says");
  options.threshold_split = "tune";
  EXPECT_EQ(refusal(study(), options),
            "x.csv: has no split called 'tune'; there are: validation, test");
  options.threshold_split = "";
  EXPECT_EQ(refusal(study(), options, "image,label,s\nq,1,0.5\ni89,0,0.25\n"),
            "t.csv: 1 of its images are in x.csv too: \"i89\"; choose thresholds on other "
            "cases, or pass --threshold-from-test, which every output says");
  options.thresholds = {0.5};
  EXPECT_EQ(
      refusal(study(), options),
      "threshold: a threshold is given, and a rule is to choose one; leave out one of the two");
  options.rule.reset();
  options.thresholds = {0.5, 0.6};
  EXPECT_EQ(
      refusal(study(), options),
      "threshold: 2 thresholds are given for 1 models; give one for all models or one for each, "
      "in their order");
  options.thresholds = {};
  options.from_test = true;
  EXPECT_EQ(
      refusal(study(), options),
      "threshold: cases to choose a threshold on are named, but no rule; pass --threshold-rule");
}

TEST(Evaluation, RefusesToGuessTheSplitAndCasesOfOneClass) {
  EXPECT_EQ(refusal(study(), {}),
            "x.csv: has the splits validation, test and none was chosen; say which cases are "
            "reported: --on SPLIT (several times for several)");
  EvaluationOptions both;
  both.splits = {"validation", "test"};
  EXPECT_EQ(evaluate_text(study(), both).positives + evaluate_text(study(), both).negatives, 90);
  const std::string one = "image,label,s\na,0,0.5\nb,0,0.25\n";
  EXPECT_EQ(refusal(one, {}),
            "x.csv: one class only: no positives; pass --one-class for the metrics that it allows");
  EvaluationOptions allowed;
  allowed.allow_one_class = true;
  allowed.thresholds = {0.3};
  const Evaluation evaluation = evaluate_text(one, allowed);
  EXPECT_EQ(reason(evaluation, "auc"), "no positives");
  EXPECT_EQ(*evaluation.models[0].find("specificity")->value, 0.5);
}

TEST(Evaluation, TakesPatientsAsClustersWhereTheyHaveSeveralCases) {
  EvaluationOptions options;
  options.splits = {"test"};
  options.thresholds = {0.5};
  const Evaluation clustered = evaluate_text(study(), options);
  EXPECT_TRUE(clustered.clustered);
  EXPECT_EQ(clustered.patients, 15);
  EXPECT_EQ(clustered.models[0].find("auc")->method, "obuchowski");
  EXPECT_EQ(clustered.models[0].find("sensitivity")->method, "wilson, Rao-Scott");
  options.clustered = false;
  const Evaluation alone = evaluate_text(study(), options);
  EXPECT_EQ(alone.models[0].find("auc")->method, "delong");
  EXPECT_EQ(alone.models[0].find("auc")->value, clustered.models[0].find("auc")->value);
  EXPECT_EQ(alone.models[0].find("sensitivity")->method, "wilson");
  // A patient per case: nothing is clustered.
  std::string single = "image,label,patient,s\n";
  for (int i = 0; i < 20; ++i) {
    single += "i" + std::to_string(i) + "," + std::to_string(i % 2) + ",P" + std::to_string(i) +
              ",0." + std::to_string(i + 10) + "\n";
  }
  EXPECT_FALSE(evaluate_text(single, {}).clustered);
}

TEST(Evaluation, ClustersOfIndependentCasesNearlyGiveTheIndependentInterval) {
  // With every case its own cluster the ratio estimator has the factor n/(n-1), nothing else.
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
  std::vector<std::int32_t> cluster;
  for (std::int32_t i = 0; i < 200; ++i) {
    positive.push_back(i % 2 == 0 ? 1 : 0);
    scores.push_back(static_cast<double>(random_bits(3, static_cast<std::uint64_t>(i)) % 100));
    cluster.push_back(i);
  }
  const Confusion one =
      confusion_at_threshold(scores, positive, {}, {}, 50, ThresholdOperator::kGreater);
  const Confusion many =
      confusion_at_threshold(scores, positive, {}, cluster, 50, ThresholdOperator::kGreater);
  EXPECT_EQ(one.cells, many.cells);
  EXPECT_EQ(one.products, many.products);
  // n = 100 positives in 100 clusters: deff = 100/99, up to a few roundings.
  EXPECT_NEAR(effective_size(many, {1, 0, 0, 0}, {1, 1, 0, 0}), 99, 99 * 1e-14);
  EXPECT_NEAR(effective_size(one, {1, 0, 0, 0}, {1, 1, 0, 0}), 100, 100 * 1e-14);
  // Two identical cases per patient: half the information, twice 99/... of 50 clusters each.
  for (auto& id : cluster) id = id / 4;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = static_cast<double>(cluster[i] * 37 % 101);
  }
  const Confusion pairs =
      confusion_at_threshold(scores, positive, {}, cluster, 50, ThresholdOperator::kGreater);
  EXPECT_NEAR(effective_size(pairs, {1, 0, 0, 0}, {1, 1, 0, 0}), 49, 49 * 1e-14);
}

TEST(Evaluation, WeightsOfTwoCountCasesTwiceButNotTheirInformation) {
  const std::string rows =
      "image,label,s,w\na,1,0.9,2\nb,1,0.2,2\nc,0,0.4,2\nd,0,0.1,2\ne,1,0.6,2\n";
  ScoreColumns weighted = kColumns;
  weighted.weight = "w";
  EvaluationOptions options;
  options.thresholds = {0.5};
  const Evaluation twice = evaluate(parse_scores(rows, "x.csv", weighted), nullptr, options);
  const Evaluation once = evaluate(parse_scores(rows, "x.csv", kColumns), nullptr, options);
  for (const std::string_view id : {"auc", "sensitivity", "f1", "mcc", "brier", "net_benefit",
                                    "average_precision", "partial_auc"}) {
    const double a = *twice.models[0].find(id)->value;
    const double b = *once.models[0].find(id)->value;
    EXPECT_NEAR(a, b, 4e-16) << id;
  }
  EXPECT_EQ(twice.models[0].confusion->tp(), 4);
  EXPECT_EQ(twice.models[0].confusion->kish, 5);
}

TEST(Evaluation, ProbabilityMetricsNeedProbabilities) {
  const Evaluation logits = evaluate_text("image,label,s\na,1,2.5\nb,0,-1\n", {});
  EXPECT_EQ(reason(logits, "brier"), "the scores are no probabilities: one is 2.5");
  const Evaluation certain =
      evaluate_text("image,label,s\na,1,0\nb,0,0.5\nc,1,0.7\nd,0,0.75\n", {});
  EXPECT_EQ(reason(certain, "log_loss"), "a positive case has probability 0");
  EXPECT_EQ(reason(certain, "calibration_slope"),
            "a probability is exactly 0, its logit is not finite");
  const Evaluation separated = evaluate_text("image,label,s\na,1,0.8\nb,0,0.5\n", {});
  EXPECT_EQ(reason(separated, "calibration_slope"),
            "the scores separate the classes, so that the slope has no finite estimate");
}

TEST(Evaluation, FitsTheCalibrationWherePlainNewtonStepsDiverge) {
  // Found by the fuzzer: the first full step overshoots without return.
  const Evaluation evaluation =
      evaluate_text("image,label,s\na,1,0.7\nb,0,0.25\nc,1,.037\nd,0,0.1\n", {});
  const Metric* slope = evaluation.models[0].find("calibration_slope");
  ASSERT_TRUE(slope->value && slope->interval);
  EXPECT_TRUE(std::isfinite(slope->interval->low));
  // The score equations hold at the fit: residuals sum to 0, also times the logit.
  const double a = *evaluation.models[0].find("calibration_intercept")->value;
  double sum = 0;
  double moment = 0;
  for (const auto& [p, y] : {std::pair(0.7, 1), {0.25, 0}, {0.037, 1}, {0.1, 0}}) {
    const double x = std::log(p / (1 - p));
    const double residual = y - 1 / (1 + std::exp(-(a + *slope->value * x)));
    sum += residual;
    moment += residual * x;
  }
  EXPECT_NEAR(sum, 0, 1e-12);
  EXPECT_NEAR(moment, 0, 1e-12);
}

TEST(Levels, AggregatesPatientsAndLesions) {
  const std::string rows =
      "image,label,patient,lesion,s\n"
      "a,0,P1,L1,0.25\nb,1,P2,L1,0.5\nc,1,P1,L2,0.75\nd,1,P1,L2,0.25\ne,0,P3,L1,0.125\n";
  ScoreColumns columns = kColumns;
  columns.lesion = "lesion";
  const ScoreTable images = parse_scores(rows, "x.csv", columns);
  const ScoreTable lesions = aggregate_cases(images, AggregationLevel::kLesion, Aggregation::kMean);
  EXPECT_EQ(lesions.positive, (std::vector<std::uint8_t>{0, 1, 1, 0}));
  EXPECT_EQ(lesions.models[0].scores, (std::vector<double>{0.25, 0.5, 0.5, 0.125}));
  EXPECT_EQ(lesions.patient, (std::vector<std::int32_t>{0, 1, 0, 2}));
  const ScoreTable patients =
      aggregate_cases(images, AggregationLevel::kPatient, Aggregation::kMax);
  EXPECT_EQ(patients.positive, (std::vector<std::uint8_t>{1, 1, 0}));
  EXPECT_EQ(patients.models[0].scores, (std::vector<double>{0.75, 0.5, 0.125}));

  EvaluationOptions options;
  options.level = AggregationLevel::kPatient;
  options.aggregation = Aggregation::kAny;
  options.thresholds = {0.4};
  const Evaluation any = evaluate(images, nullptr, options);
  EXPECT_EQ(any.models[0].confusion->tp(), 2);
  EXPECT_EQ(reason(any, "auc"), "aggregation by any gives calls, not scores");
  EXPECT_FALSE(any.clustered);
}

TEST(Levels, RefusesWhatHasNoMeaning) {
  const auto level = [](const std::string& rows, AggregationLevel wanted, ScoreColumns columns) {
    try {
      (void)aggregate_cases(parse_scores(rows, "x.csv", columns), wanted, Aggregation::kMax);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(level("image,label,s\na,1,0\n", AggregationLevel::kPatient, kColumns),
            "x.csv: names no patients, which this level needs; name the column: --patient "
            "COLUMN");
  ScoreColumns columns = kColumns;
  columns.lesion = "l";
  EXPECT_EQ(level("image,label,l,s\na,1,L,0\nb,0,L,0\n", AggregationLevel::kLesion, columns),
            "x.csv: the lesion \"L\" has both labels; give all images of a lesion its label");
  columns.weight = "s";
  EXPECT_EQ(level("image,label,l,s\na,1,L,1\n", AggregationLevel::kLesion, columns),
            "level: weights of images have no meaning for a lesion; leave out one of the two");
}

}  // namespace
}  // namespace apatite::eval
