// The evaluation of one or several models on one set of cases.
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

// Methods for the interval of an AUC. Where cases are clustered, the first two use Obuchowski's
// variance (1997).
enum class AucMethod {
  kDeLong,
  kLogitDeLong,
  kHanleyMcNeil,
  kBootstrapPercentile,
  kBootstrapBca,
};
std::string_view name_of(AucMethod method);
// Throws Error (kUsage) that lists the names.
AucMethod parse_auc_method(std::string_view name);

struct EvaluationOptions {
  ThresholdOperator comparison = ThresholdOperator::kGreater;
  ConfusionOptions confusion;
  AucMethod auc = AucMethod::kDeLong;
  int draws = 2000;        // number of bootstrap draws
  std::uint64_t seed = 1;  // seed of the bootstrap
  bool clustered = true;   // patients are clusters, where some patient has more than one case
  AggregationLevel level = AggregationLevel::kImage;
  Aggregation aggregation = Aggregation::kMax;
  double partial_auc = 0.1;  // its largest false positive rate, 0 < partial_auc <= 1
  int bins = 10;             // number of calibration bins
  bool allow_one_class = false;

  std::vector<std::string> splits;  // whose cases are reported; empty: all cases
  // Thresholds are either given, one for all models or one per model, or chosen by `rule`. The rule
  // uses another split or file or, if `from_test`, the reported cases themselves.
  std::vector<double> thresholds;
  std::optional<ThresholdRule> rule;
  std::string threshold_split;
  bool from_test = false;

  bool curves = false;        // whether to fill ModelEvaluation::curves
  ProgressCallback progress;  // called during bootstraps and permutation tests
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
  std::vector<double> histogram_positive, histogram_negative;  // share of each class in each bin
};

struct ModelEvaluation {
  std::string name;
  std::string column;
  std::optional<double> threshold;
  std::string threshold_rule;  // "given", or the text of the rule
  std::string threshold_on;    // the cases on which it was chosen; empty if given
  bool threshold_from_test = false;
  std::optional<Confusion> confusion;
  std::optional<AucCounts> auc;  // the exact ratio; empty without scores or with weights
  std::vector<Metric> metrics;   // in the order of metric_definitions()
  Curves curves;

  // The metric with that id; null if there is none.
  [[nodiscard]] const Metric* find(std::string_view id) const;
};

struct Evaluation {
  std::vector<std::string> sources;  // names of the files
  std::string positive_name;
  std::vector<std::string> negative_names;
  EvaluationOptions options;
  bool clustered = false;     // patients are clusters in the intervals
  std::int64_t patients = 0;  // number of patients among the cases; 0 if unknown
  bool weighted = false;
  double positives = 0, negatives = 0;  // numbers of cases, or the sums of their weights
  std::vector<FlowStep> flow;
  std::vector<std::string> notes;  // what a reader must know
  std::vector<ModelEvaluation> models;
};

// Evaluates all models of `table`. `tuning`, if not null, holds the cases on which thresholds are
// chosen, with the same models in the same order; options.threshold_split is then empty.
// `reported`, if not null, receives the evaluated cases at the level of options.level. Throws
// Error: kUsage if the options contradict each other or the table, kBadFile if the cases do not
// allow the evaluation.
Evaluation evaluate(ScoreTable table, const ScoreTable* tuning, const EvaluationOptions& options,
                    ScoreTable* reported = nullptr);

// A model of which only the counts are known.
struct CountedModel {
  std::string name;
  std::int64_t tp = 0, fn = 0, fp = 0, tn = 0;
};
// Reads "TP,FN,FP,TN" or "NAME=TP,FN,FP,TN". Throws Error (kUsage).
CountedModel parse_counts(std::string_view text);
Evaluation evaluate_counts(const std::vector<CountedModel>& models,
                           const EvaluationOptions& options);

}  // namespace apatite::eval
