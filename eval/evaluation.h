// The whole evaluation of one or several models on one set of cases.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/classification/calibration.h"
#include "eval/classification/confusion.h"
#include "eval/data/aggregation.h"
#include "eval/data/score_table.h"
#include "eval/roc/auc.h"
#include "eval/roc/ranking.h"
#include "eval/statistics/metric.h"
#include "eval/statistics/progress_callback.h"

namespace apatite::eval {

// The first two are Obuchowski's of 1997 where cases are clustered.
enum class AucMethod {
  kDeLong,
  kLogitDeLong,
  kHanleyMcNeil,
  kBootstrapPercentile,
  kBootstrapBca,
};
std::string_view name_of(AucMethod method);
// Throws Error (kUsage) naming those that there are.
AucMethod parse_auc_method(std::string_view name);

struct EvaluationOptions {
  ThresholdOperator comparison = ThresholdOperator::kGreater;
  ConfusionOptions confusion;
  AucMethod auc = AucMethod::kDeLong;
  int draws = 2000;        // of the bootstrap
  std::uint64_t seed = 1;  // of the bootstrap
  bool clustered = true;   // by patient, where some patient has more than one case
  Level level = Level::kImage;
  Aggregation aggregation = Aggregation::kMax;
  double partial_auc = 0.1;  // up to this false positive rate
  int bins = 10;             // of the calibration
  bool allow_one_class = false;

  std::vector<std::string> splits;  // the cases that are reported; none: all
  // Thresholds: given, one for all models or one per model; or chosen by `rule`, on another split
  // or file, or on the reported cases themselves if `from_test`.
  std::vector<double> thresholds;
  std::optional<ThresholdRule> rule;
  std::string threshold_split;
  bool from_test = false;

  bool curves = false;  // fill ModelEvaluation::curves
  Tell tell;            // of bootstraps and permutations
};

struct FlowStep {
  std::string what;
  std::int64_t count = 0;
};

// What the plots show.
struct Curves {
  struct Point {
    double x = 0;
    double y = 0;
  };
  std::vector<Point> roc, roc_low, roc_high;  // false positive rate, sensitivity
  std::vector<Point> precision_recall;        // recall, precision
  std::vector<CalibrationBin> calibration;
  std::vector<DecisionPoint> decision;
  double histogram_low = 0, histogram_high = 1;
  std::vector<double> histogram_positive, histogram_negative;  // shares of the class per bin
};

struct ModelEvaluation {
  std::string name;
  std::string column;
  std::optional<double> threshold;
  std::string threshold_rule;  // "given", or the rule
  std::string threshold_on;    // what it was chosen on; empty: given
  bool threshold_from_test = false;
  std::optional<Confusion> confusion;
  std::optional<AucCounts> auc;  // the exact ratio; none: no scores, or weights
  std::vector<Metric> metrics;   // in the order of metric_definitions()
  Curves curves;

  // Null if it is not among the metrics.
  [[nodiscard]] const Metric* find(std::string_view id) const;
};

struct Evaluation {
  std::vector<std::string> sources;  // names of the files
  std::string positive_name;
  std::vector<std::string> negative_names;
  EvaluationOptions options;
  bool clustered = false;     // intervals take patients as clusters
  std::int64_t patients = 0;  // among the cases; 0: not known
  bool weighted = false;
  double positives = 0, negatives = 0;  // weights where cases are weighted
  std::vector<FlowStep> flow;
  std::vector<std::string> notes;  // what a reader must know
  std::vector<ModelEvaluation> models;
};

// `tuning` may hold the cases on which thresholds are chosen (options.threshold_split is then
// empty), with the same models in the same order. Throws Error (kUsage, kBadFile).
// `reported` receives the cases that were evaluated, at their level.
Evaluation evaluate(ScoreTable table, const ScoreTable* tuning, const EvaluationOptions& options,
                    ScoreTable* reported = nullptr);

// From counts alone: `models` with a name and a confusion each.
struct CountedModel {
  std::string name;
  std::int64_t tp = 0, fn = 0, fp = 0, tn = 0;
};
// "TP,FN,FP,TN" or "NAME=TP,FN,FP,TN". Throws Error (kUsage).
CountedModel parse_counts(std::string_view text);
Evaluation evaluate_counts(const std::vector<CountedModel>& models,
                           const EvaluationOptions& options);

}  // namespace apatite::eval
