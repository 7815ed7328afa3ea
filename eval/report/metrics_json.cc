#include "eval/report/metrics_json.h"

#include <string>

#include "base/text.h"
#include "eval/statistics/metric_definitions.h"

namespace apatite::eval {
namespace {

// Writes a whole number without a fraction, although it is a double here.
Json number(double value) {
  constexpr double kExact = 9007199254740992;  // 2^53
  if (value >= 0 && value <= kExact) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return whole;
  }
  return value;
}

Json metric_json(const Metric& metric) {
  Json json = Json::object();
  if (!metric.value) {
    json["undefined"] = metric.undefined;
    return json;
  }
  json["value"] = *metric.value;
  if (metric.interval) {
    json["interval"] = {
        {"low", metric.interval->low}, {"high", metric.interval->high}, {"method", metric.method}};
  } else if (!metric.no_interval.empty()) {
    json["no_interval"] = metric.no_interval;
  }
  return json;
}

Json threshold_json(const ModelEvaluation& model, const Evaluation& evaluation) {
  Json json{{"value", *model.threshold},
            {"comparison", symbol(evaluation.options.comparison)},
            {"rule", model.threshold_rule},
            {"from_test", model.threshold_from_test}};
  if (!model.threshold_on.empty()) json["chosen_on"] = model.threshold_on;
  return json;
}

Json model_json(const ModelEvaluation& model, const Evaluation& evaluation) {
  Json json{{"name", model.name}};
  if (!model.column.empty()) json["score"] = model.column;
  if (model.threshold) json["threshold"] = threshold_json(model, evaluation);
  if (model.confusion) {
    json["counts"] = {{"tp", number(model.confusion->tp())},
                      {"fn", number(model.confusion->fn())},
                      {"fp", number(model.confusion->fp())},
                      {"tn", number(model.confusion->tn())}};
  }
  Json metrics = Json::object();
  for (const Metric& metric : model.metrics) metrics[std::string(metric.id)] = metric_json(metric);
  if (model.auc && model.auc->defined()) {
    metrics["auc"]["ratio"] = {{"numerator", model.auc->twice_wins},
                               {"denominator", model.auc->twice_pairs()}};
  }
  json["metrics"] = metrics;
  return json;
}

}  // namespace

Json metrics_json(const Evaluation& evaluation) {
  const EvaluationOptions& options = evaluation.options;
  Json json{{"format", "apatite.metrics 1"}, {"confidence", options.confusion.confidence}};
  if (!evaluation.sources.empty()) json["sources"] = evaluation.sources;
  if (!evaluation.positive_name.empty()) {
    json["positive"] = evaluation.positive_name;
    json["negative"] = evaluation.negative_names;
    json["comparison"] = symbol(options.comparison);
    json["level"] = name_of(options.level);
    if (options.level != AggregationLevel::kImage)
      json["aggregation"] = name_of(options.aggregation);
    json["clustered_by_patient"] = evaluation.clustered;
    json["weighted"] = evaluation.weighted;
    json["partial_auc_up_to"] = options.partial_auc;
    json["calibration_bins"] = options.bins;
    if (options.auc == AucMethod::kBootstrapPercentile || options.auc == AucMethod::kBootstrapBca) {
      json["bootstrap"] = {{"draws", options.draws}, {"seed", options.seed}};
    }
  }
  if (options.confusion.prevalence) json["prevalence"] = *options.confusion.prevalence;
  json["flow"] = Json::array();
  for (const FlowStep& step : evaluation.flow) {
    json["flow"].push_back({{"what", step.what}, {"count", step.count}});
  }
  if (!evaluation.notes.empty()) json["notes"] = evaluation.notes;
  json["models"] = Json::array();
  for (const ModelEvaluation& model : evaluation.models) {
    json["models"].push_back(model_json(model, evaluation));
  }
  Json definitions = Json::object();
  for (const MetricDefinition& definition : metric_definitions()) {
    Json entry{{"name", definition.name}, {"formula", definition.formula}};
    if (!definition.source.empty()) entry["source"] = definition.source;
    definitions[std::string(definition.id)] = entry;
  }
  json["definitions"] = definitions;
  return json;
}

}  // namespace apatite::eval
