#include "eval/evaluation.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "eval/case_selection.h"
#include "eval/curves.h"
#include "eval/ranking_metrics.h"
#include "eval/statistics/metric_definitions.h"

namespace apatite::eval {
namespace {

std::string count_of(std::size_t count) { return with_thousands(static_cast<std::int64_t>(count)); }

LabelledScores cases_of(const ScoreTable& table, std::size_t model,
                        const EvaluationOptions& options) {
  const bool clustered = options.clustered && !table.patient.empty();
  return {.scores = table.models[model].scores,
          .positive = table.positive,
          .weight = table.weight,
          .cluster = clustered ? std::span<const std::int32_t>(table.patient)
                               : std::span<const std::int32_t>()};
}

void add_threshold_metrics(ModelEvaluation& model, const EvaluationOptions& options) {
  for (Metric& metric : confusion_metrics(*model.confusion, options.confusion)) {
    model.metrics.push_back(std::move(metric));
  }
}

void add_net_benefit(ModelEvaluation& model) {
  const double threshold = *model.threshold;
  if (threshold <= 0 || threshold >= 1) {
    model.metrics.push_back(undefined_metric(
        "net_benefit", "the threshold " + to_text(threshold) + " is no probability inside (0, 1)"));
    return;
  }
  model.metrics.push_back({.id = "net_benefit",
                           .value = net_benefit(model.confusion->tp(), model.confusion->fp(),
                                                model.confusion->total(), threshold)});
}

std::int64_t patients_of(const ScoreTable& table) {
  std::vector<std::uint8_t> seen(table.patients.size());
  for (const std::int32_t patient : table.patient) seen[static_cast<std::size_t>(patient)] = 1;
  return std::count(seen.begin(), seen.end(), 1);
}

void check_options(const ScoreTable& table, const ScoreTable* tuning,
                   const EvaluationOptions& options) {
  const auto refuse = [](std::string_view what, std::string_view remedy) {
    throw Error(ErrorKind::kUsage, "threshold", what, remedy);
  };
  const std::size_t models = table.models.size();
  const int sources = (tuning != nullptr ? 1 : 0) + (options.threshold_split.empty() ? 0 : 1) +
                      (options.from_test ? 1 : 0);
  if (!options.thresholds.empty() && options.rule) {
    refuse("a threshold is given, and a rule is to choose one", "leave out one of the two");
  }
  if (options.thresholds.size() > 1 && options.thresholds.size() != models) {
    refuse(count_of(options.thresholds.size()) + " thresholds are given for " + count_of(models) +
               " models",
           "give one for all models or one for each, in their order");
  }
  if (options.rule && sources == 0) {
    refuse("the rule '" + options.rule->text + "' has no cases to choose on",
           "name other cases (--threshold-split or --threshold-file), or pass "
           "--threshold-from-test, which every output says");
  }
  if (options.rule && sources > 1) {
    refuse("cases to choose a threshold on are named more than once",
           "pass one of --threshold-split, --threshold-file and --threshold-from-test");
  }
  if (!options.rule && sources > 0) {
    refuse("cases to choose a threshold on are named, but no rule", "pass --threshold-rule");
  }
  if (tuning != nullptr && tuning->models.size() != models) {
    refuse("the file to choose on has " + count_of(tuning->models.size()) + " models, not " +
               count_of(models),
           "give it the same columns");
  }
}

void set_threshold(ModelEvaluation& model, std::size_t number, const Ranking& ranking,
                   const ScoreTable* tuning, const std::string& tuning_name,
                   const EvaluationOptions& options) {
  if (!options.thresholds.empty()) {
    model.threshold = options.thresholds[options.thresholds.size() == 1 ? 0 : number];
    model.threshold_rule = "given";
    return;
  }
  if (!options.rule) return;
  model.threshold_rule = options.rule->text;
  model.threshold_from_test = options.from_test;
  model.threshold_on = options.from_test ? "the reported cases themselves" : tuning_name;
  const auto choose = [&](const Ranking& on, const std::string& where) {
    return choose_threshold(on, *options.rule, options.comparison, where).threshold;
  };
  if (options.from_test) {
    model.threshold = choose(ranking, "the reported cases");
  } else {
    model.threshold = choose(
        rank_cases(tuning->models[number].scores, tuning->positive, tuning->weight), tuning_name);
  }
}

double weight_of_class(const ScoreTable& table, bool positive) {
  double sum = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if ((table.positive[i] != 0) == positive) sum += table.weight.empty() ? 1 : table.weight[i];
  }
  return sum;
}

void fill_head(Evaluation& evaluation, const ScoreTable& table) {
  evaluation.positive_name = table.positive_name;
  evaluation.negative_names = table.negative_names;
  evaluation.weighted = !table.weight.empty();
  evaluation.positives = weight_of_class(table, true);
  evaluation.negatives = weight_of_class(table, false);
  if (!table.patient.empty()) evaluation.patients = patients_of(table);
}

ModelEvaluation evaluate_model(const ScoreTable& table, std::size_t number,
                               const ScoreTable* tuning, const std::string& tuning_name,
                               const EvaluationOptions& options) {
  ModelEvaluation model;
  model.name = table.models[number].name;
  model.column = table.models[number].column;
  const LabelledScores cases = cases_of(table, number, options);
  const Ranking ranking = rank_cases(cases.scores, cases.positive, cases.weight);
  add_ranking_metrics(model, cases, ranking, options);
  set_threshold(model, number, ranking, tuning, tuning_name, options);
  if (model.threshold) {
    model.confusion = confusion_at_threshold(cases.scores, cases.positive, cases.weight,
                                             cases.cluster, *model.threshold, options.comparison);
    add_threshold_metrics(model, options);
    add_net_benefit(model);
  }
  for (Metric& metric : calibration_metrics(cases, options.bins, options.confusion.confidence)) {
    model.metrics.push_back(std::move(metric));
  }
  sort_by_definition(model.metrics);
  if (options.curves && missing_class(ranking.positives(), ranking.negatives()).empty()) {
    model.curves = curves_of(cases, ranking, options);
  }
  return model;
}

}  // namespace

const Metric* ModelEvaluation::find(std::string_view id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const Metric& metric) { return metric.id == id; });
  return found == metrics.end() ? nullptr : &*found;
}

Evaluation evaluate(ScoreTable table, const ScoreTable* tuning, const EvaluationOptions& options,
                    ScoreTable* reported) {
  check_options(table, tuning, options);
  if (tuning != nullptr) {
    // Thresholds must not be chosen on reported cases.
    refuse_shared_images(table, *tuning,
                         "choose thresholds on other cases, or pass --threshold-from-test, which "
                         "every output says");
  }
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.flow.push_back({"cases read", static_cast<std::int64_t>(table.size())});

  std::optional<ScoreTable> chosen_on;
  std::string tuning_name;
  if (!options.threshold_split.empty()) {
    chosen_on = CaseSelection(table, options).tuning();
    tuning_name = "split " + options.threshold_split;
  } else if (tuning != nullptr) {
    chosen_on = *tuning;
    tuning_name = std::filesystem::path(tuning->where).filename().string();
  }
  const auto all = static_cast<std::int64_t>(table.size());
  table = CaseSelection(table, options).reported(std::move(table));
  table.images.forget_lookup();
  if (const auto left = static_cast<std::int64_t>(table.size()); left != all) {
    evaluation.flow.push_back({"outside " + join(options.splits), all - left});
    evaluation.flow.push_back({"in " + join(options.splits), left});
  }
  if (options.level != AggregationLevel::kImage) {
    table = aggregate_cases(table, options.level, options.aggregation);
    evaluation.flow.push_back(
        {std::string(name_of(options.level)) + "s", static_cast<std::int64_t>(table.size())});
    if (chosen_on) chosen_on = aggregate_cases(*chosen_on, options.level, options.aggregation);
  }
  fill_head(evaluation, table);
  const auto cases = static_cast<std::int64_t>(table.size());
  EvaluationOptions used = options;
  used.clustered = options.clustered && evaluation.patients > 0 && evaluation.patients < cases;
  evaluation.clustered = used.clustered;
  if (const std::string missing = missing_class(evaluation.positives, evaluation.negatives);
      !missing.empty() && !options.allow_one_class) {
    throw Error(ErrorKind::kBadFile, table.where, "one class only: " + missing,
                "pass --one-class for the metrics that it allows");
  }
  const auto positives = std::count(table.positive.begin(), table.positive.end(), 1);
  if (evaluation.patients > 0) evaluation.flow.push_back({"patients", evaluation.patients});
  evaluation.flow.push_back({table.positive_name, positives});
  evaluation.flow.push_back({join(table.negative_names), cases - positives});
  for (std::size_t i = 0; i < table.models.size(); ++i) {
    evaluation.models.push_back(
        evaluate_model(table, i, chosen_on ? &*chosen_on : nullptr, tuning_name, used));
  }
  if (reported != nullptr) *reported = std::move(table);
  return evaluation;
}

}  // namespace apatite::eval
