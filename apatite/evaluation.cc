#include "apatite/evaluation.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "eval/evaluation.h"
#include "eval/report/metrics_json.h"

namespace apatite {
namespace {

eval::EvaluationOptions internal_options(const EvaluationOptions& options) {
  if (options.positive.empty()) {
    throw Error(ErrorKind::kUsage, "evaluate", "the positive class is not named",
                "set EvaluationOptions::positive, e.g. to \"malignant\"");
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw Error(ErrorKind::kUsage, "confidence", to_text(options.confidence) + " is no level",
                "pass a number between 0 and 1, e.g. 0.95");
  }
  if (options.draws < 2 || options.draws > 10'000'000) {
    throw Error(ErrorKind::kUsage, "draws", to_text(std::int64_t{options.draws}) + " draws",
                "pass 2 to 10,000,000");
  }
  eval::EvaluationOptions result;
  result.confusion.confidence = options.confidence;
  result.confusion.proportions = eval::proportion_method(options.proportion_interval);
  if (result.confusion.proportions == eval::ProportionMethod::kKang2021 &&
      options.confidence != 0.95) {
    throw Error(ErrorKind::kUsage, "proportion_interval", "kang2021 has 95 % intervals only",
                "use a confidence of 0.95");
  }
  result.auc = eval::parse_auc_method(options.auc_interval);
  result.draws = options.draws;
  result.seed = options.seed;
  if (options.threshold) result.thresholds = {*options.threshold};
  return result;
}

MetricValue public_metric(const eval::Metric& metric) {
  MetricValue value;
  value.id = metric.id;
  value.value = metric.value;
  if (metric.interval) {
    value.low = metric.interval->low;
    value.high = metric.interval->high;
    value.note = metric.method;
  } else {
    value.note = metric.value ? metric.no_interval : metric.undefined;
  }
  return value;
}

}  // namespace

const MetricValue& Report::metric(const std::string& id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const MetricValue& value) { return value.id == id; });
  if (found != metrics.end()) return *found;
  std::vector<std::string> ids;
  for (const MetricValue& value : metrics) ids.push_back(value.id);
  throw Error(ErrorKind::kUsage, "report", "there is no metric " + quote(id),
              "the nearest are: " + join(nearest(id, ids)));
}

Report evaluate(const std::filesystem::path& csv, const EvaluationOptions& options) {
  const eval::EvaluationOptions internal = internal_options(options);
  eval::ScoreColumns columns;
  columns.positive = options.positive;
  columns.negatives = options.negatives;
  columns.label = options.label_column;
  if (!options.score_column.empty()) columns.scores = {options.score_column};
  eval::Evaluation evaluation = eval::evaluate(eval::read_scores(csv, columns), nullptr, internal);
  evaluation.sources = {csv.filename().string()};
  Report report;
  report.json = to_text(eval::metrics_json(evaluation));
  for (const eval::Metric& metric : evaluation.models.front().metrics) {
    report.metrics.push_back(public_metric(metric));
  }
  return report;
}

}  // namespace apatite
