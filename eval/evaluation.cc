#include "eval/evaluation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "eval/curves.h"
#include "eval/roc/bootstrap.h"
#include "eval/roc/placements.h"
#include "eval/statistics/metric_definitions.h"

namespace apatite::eval {
namespace {

constexpr std::array<std::string_view, 5> kAucMethods{"delong", "logit-delong", "hanley-mcneil",
                                                      "bootstrap-percentile", "bootstrap-bca"};

std::string count_of(std::size_t count) { return with_thousands(static_cast<std::int64_t>(count)); }

// Metrics in the order of the definitions, whatever order they were computed in.
void sort_metrics(std::vector<Metric>& metrics) {
  const auto place = [](const Metric& metric) {
    return &definition_of(metric.id) - metric_definitions().data();
  };
  std::stable_sort(metrics.begin(), metrics.end(),
                   [&](const Metric& a, const Metric& b) { return place(a) < place(b); });
}

std::string one_class(double positives, double negatives) {
  if (positives == 0) return "no positives";
  return negatives == 0 ? "no negatives" : "";
}

ScoredCases cases_of(const ScoreTable& table, std::size_t model, const EvaluationOptions& options) {
  const bool clustered = options.clustered && !table.patient.empty();
  return {.scores = table.models[model].scores,
          .positive = table.positive,
          .weight = table.weight,
          .cluster = clustered ? std::span<const std::int32_t>(table.patient)
                               : std::span<const std::int32_t>()};
}

constexpr std::string_view kAtTheEnd = "the estimate is at the end of its range";

// The interval of the AUC from draws of cases or, where they are clustered, of patients.
void add_bootstrap(Metric& metric, const ScoredCases& cases, const EvaluationOptions& options) {
  const Cases plain{.labels = cases.positive, .clusters = cases.cluster};
  const std::array<std::span<const double>, 1> models{cases.scores};
  const Bootstrap draws = bootstrap_aucs(
      plain, models, {.draws = options.draws, .seed = options.seed, .tell = options.tell});
  const std::vector<double>& values = draws.values.front();
  if (values.size() < 2) {
    metric.no_interval = "nearly every draw has one class only";
    return;
  }
  const double confidence = options.confusion.confidence;
  std::optional<ConfidenceInterval> interval;
  if (options.auc == AucMethod::kBootstrapPercentile) {
    interval = percentile_interval(values, confidence);
  } else if (const auto jackknife = jackknife_aucs(plain, cases.scores, false)) {
    interval = bca_interval(values, *metric.value, *jackknife, confidence);
  }
  if (!interval) {
    metric.no_interval = "the draws do not vary as BCa needs it";
    return;
  }
  metric.interval = interval;
  metric.method = std::string(name_of(options.auc)) + ", " +
                  with_thousands(static_cast<std::int64_t>(values.size())) + " draws" +
                  (cases.cluster.empty() ? "" : " of patients");
}

Metric auc_metric(const ScoredCases& cases, AucCounts& counts, const EvaluationOptions& options) {
  std::optional<double> variance;
  const bool clustered = !cases.cluster.empty();
  if (clustered) {
    const Placements placed = placements(cases.positive, cases.scores);
    counts = placed.counts;
    variance =
        auc_covariance({.labels = cases.positive, .clusters = cases.cluster}, placed, placed);
  } else {
    const Auc result = auc(cases.positive, cases.scores);
    counts = result.counts;
    variance = result.variance;
  }
  Metric metric{.id = "auc", .value = counts.value()};
  const double confidence = options.confusion.confidence;
  const auto take = [&](const ConfidenceInterval& interval, std::string_view method) {
    metric.interval = interval;
    metric.method = method;
  };
  switch (options.auc) {
    case AucMethod::kHanleyMcNeil:
      if (clustered) {
        metric.no_interval = "hanley-mcneil has no form for clustered cases";
      } else {
        take(auc_interval(counts, hanley_mcneil_variance(counts), confidence), "hanley-mcneil");
      }
      break;
    case AucMethod::kDeLong:
    case AucMethod::kLogitDeLong:
      if (!variance) {
        metric.no_interval = clustered ? "fewer than two patients of a class have no variance"
                                       : "a single case of a class has no variance";
      } else if (options.auc == AucMethod::kDeLong) {
        take(auc_interval(counts, *variance, confidence), clustered ? "obuchowski" : "delong");
      } else if (const auto interval = logit_auc_interval(counts, *variance, confidence)) {
        take(*interval, clustered ? "logit-obuchowski" : "logit-delong");
      } else {
        metric.no_interval = kAtTheEnd;
      }
      break;
    case AucMethod::kBootstrapPercentile:
    case AucMethod::kBootstrapBca:
      add_bootstrap(metric, cases, options);
      break;
  }
  return metric;
}

// Everything that needs the order of the scores.
void add_ranking_metrics(ModelEvaluation& model, const ScoredCases& cases, const Ranking& ranking,
                         const EvaluationOptions& options) {
  constexpr std::array<std::string_view, 4> kIds{"auc", "partial_auc", "partial_auc_standardised",
                                                 "average_precision"};
  std::string reason = one_class(ranking.positives(), ranking.negatives());
  if (options.level != Level::kImage && options.aggregation == Aggregation::kAny) {
    reason = "aggregation by any gives calls, not scores";
  }
  if (!reason.empty()) {
    for (const std::string_view id : kIds) model.metrics.push_back(undefined_metric(id, reason));
    return;
  }
  if (cases.weight.empty()) {
    model.auc.emplace();
    model.metrics.push_back(auc_metric(cases, *model.auc, options));
  } else {
    Metric metric{.id = "auc", .value = weighted_auc(cases.positive, cases.scores, cases.weight)};
    metric.no_interval = "none for weighted cases";
    model.metrics.push_back(metric);
  }
  const double area = partial_auc(ranking, options.partial_auc);
  model.metrics.push_back({.id = "partial_auc", .value = area});
  model.metrics.push_back({.id = "partial_auc_standardised",
                           .value = standardised_partial_auc(area, options.partial_auc)});
  model.metrics.push_back({.id = "average_precision", .value = average_precision(ranking)});
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

// Which cases are reported, which are for choosing thresholds.
class Selection {
 public:
  Selection(const ScoreTable& table, const EvaluationOptions& options)
      : table_(table), options_(options) {}

  [[nodiscard]] ScoreTable reported(ScoreTable&& table) const {
    if (options_.splits.empty()) {
      if (table_.splits.size() > 1) {
        throw Error(ErrorKind::kUsage, table_.where,
                    "has the splits " + join(split_names()) + " and none was chosen",
                    "say which cases are reported: --on SPLIT (several times for several)");
      }
      return std::move(table);
    }
    return chosen(options_.splits);
  }

  [[nodiscard]] ScoreTable tuning() const {
    const auto& splits = options_.splits;
    const bool is_reported = splits.empty() || std::find(splits.begin(), splits.end(),
                                                         options_.threshold_split) != splits.end();
    if (is_reported) {
      throw Error(ErrorKind::kUsage, "threshold",
                  "the split '" + options_.threshold_split + "' is reported itself",
                  "choose on another one, or pass --threshold-from-test, which every output says");
    }
    return chosen({options_.threshold_split});
  }

 private:
  [[nodiscard]] std::vector<std::string> split_names() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < table_.splits.size(); ++i) {
      names.push_back(table_.splits.name(static_cast<std::int32_t>(i)));
    }
    return names;
  }

  [[nodiscard]] ScoreTable chosen(const std::vector<std::string>& names) const {
    if (table_.split.empty()) {
      throw Error(ErrorKind::kBadFile, table_.where, "has no column with the splits",
                  "name it: --split COLUMN");
    }
    const std::vector<std::string> known = split_names();
    std::set<std::int32_t> wanted;
    for (const std::string& name : names) {
      const auto found = std::find(known.begin(), known.end(), name);
      if (found == known.end()) {
        throw Error(ErrorKind::kUsage, table_.where, "has no split called '" + name + "'",
                    "there are: " + join(known));
      }
      wanted.insert(static_cast<std::int32_t>(found - known.begin()));
    }
    std::vector<std::uint8_t> keep;
    keep.reserve(table_.size());
    for (const std::int32_t split : table_.split) keep.push_back(wanted.count(split) > 0 ? 1 : 0);
    return select_cases(table_, keep);
  }

  const ScoreTable& table_;
  const EvaluationOptions& options_;
};

// Thresholds must not be chosen on reported cases: none of them may be in the other file.
void refuse_shared_images(const ScoreTable& table, const ScoreTable& tuning) {
  if (table.images.size() == 0 || tuning.images.size() == 0) return;
  std::size_t shared = 0;
  std::string first;
  for (std::size_t i = 0; i < tuning.images.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (table.images.find(tuning.images.raw(id)) < 0) continue;
    if (shared++ == 0) first = tuning.images.name(id);
  }
  if (shared == 0) return;
  throw Error(ErrorKind::kUsage, tuning.where,
              count_of(shared) + " of its images are in " + table.where + " too, the first is " +
                  quote(first),
              "choose thresholds on other cases, or pass --threshold-from-test, which every output "
              "says");
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
    refuse("is both given and to be chosen by a rule", "leave out one of both");
  }
  if (options.thresholds.size() > 1 && options.thresholds.size() != models) {
    refuse(count_of(options.thresholds.size()) + " are given for " + count_of(models) + " models",
           "give one for all models or one for each, in their order");
  }
  if (options.rule && sources == 0) {
    refuse("the rule '" + options.rule->text + "' has no cases to choose on",
           "name other cases (--threshold-split or --threshold-file), or pass "
           "--threshold-from-test, which every output says");
  }
  if (options.rule && sources > 1) {
    refuse("more than one place to choose on is named",
           "pass one of --threshold-split, --threshold-file and --threshold-from-test");
  }
  if (!options.rule && sources > 0) {
    refuse("a place to choose on is named, and no rule", "pass --threshold-rule");
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
  const ScoredCases cases = cases_of(table, number, options);
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
  sort_metrics(model.metrics);
  if (options.curves && one_class(ranking.positives(), ranking.negatives()).empty()) {
    model.curves = curves_of(cases, ranking, options);
  }
  return model;
}

}  // namespace

std::string_view name_of(AucMethod method) { return kAucMethods[static_cast<std::size_t>(method)]; }

AucMethod parse_auc_method(std::string_view name) {
  const auto found = std::find(kAucMethods.begin(), kAucMethods.end(), name);
  if (found == kAucMethods.end()) {
    throw Error(
        ErrorKind::kUsage, "AUC interval", "there is none called '" + std::string(name) + "'",
        "there are: " + join(std::vector<std::string>(kAucMethods.begin(), kAucMethods.end())));
  }
  return static_cast<AucMethod>(found - kAucMethods.begin());
}

const Metric* ModelEvaluation::find(std::string_view id) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const Metric& metric) { return metric.id == id; });
  return found == metrics.end() ? nullptr : &*found;
}

Evaluation evaluate(ScoreTable table, const ScoreTable* tuning, const EvaluationOptions& options,
                    ScoreTable* reported) {
  check_options(table, tuning, options);
  if (tuning != nullptr) refuse_shared_images(table, *tuning);
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.flow.push_back({"cases read", static_cast<std::int64_t>(table.size())});

  std::optional<ScoreTable> chosen_on;
  std::string tuning_name;
  if (!options.threshold_split.empty()) {
    chosen_on = Selection(table, options).tuning();
    tuning_name = "split " + options.threshold_split;
  } else if (tuning != nullptr) {
    chosen_on = *tuning;
    tuning_name = std::filesystem::path(tuning->where).filename().string();
  }
  const auto all = static_cast<std::int64_t>(table.size());
  table = Selection(table, options).reported(std::move(table));
  table.images.forget_lookup();
  if (const auto left = static_cast<std::int64_t>(table.size()); left != all) {
    evaluation.flow.push_back({"outside " + join(options.splits), all - left});
    evaluation.flow.push_back({"in " + join(options.splits), left});
  }
  if (options.level != Level::kImage) {
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
  if (const std::string missing = one_class(evaluation.positives, evaluation.negatives);
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

CountedModel parse_counts(std::string_view text) {
  CountedModel model;
  const std::size_t equals = text.rfind('=');
  model.name = std::string(text.substr(0, equals == text.npos ? 0 : equals));
  std::string_view rest = equals == text.npos ? text : text.substr(equals + 1);
  const std::array<std::int64_t*, 4> cells{&model.tp, &model.fn, &model.fp, &model.tn};
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  bool good = equals != 0;
  for (std::size_t i = 0; i < cells.size() && good; ++i) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *cells[i]);
    const auto used = static_cast<std::size_t>(end - rest.data());
    good = error == std::errc() && *cells[i] >= 0 && *cells[i] <= kMost &&
           (i < 3 ? used < rest.size() && rest[used] == ',' : used == rest.size());
    rest.remove_prefix(std::min(used + 1, rest.size()));
  }
  if (!good) {
    throw Error(ErrorKind::kUsage, "counts", "'" + std::string(text) + "' are none",
                "write TP,FN,FP,TN or NAME=TP,FN,FP,TN, whole numbers of 0 or more");
  }
  if (model.tp + model.fn + model.fp + model.tn == 0) {
    throw Error(ErrorKind::kUsage, "counts", "'" + std::string(text) + "' hold no case");
  }
  return model;
}

Evaluation evaluate_counts(const std::vector<CountedModel>& models,
                           const EvaluationOptions& options) {
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.options.clustered = false;
  for (const CountedModel& counted : models) {
    ModelEvaluation model;
    model.name = counted.name.empty()
                     ? "model " + to_text(static_cast<std::int64_t>(evaluation.models.size() + 1))
                     : counted.name;
    model.confusion = confusion_of_counts(counted.tp, counted.fn, counted.fp, counted.tn);
    add_threshold_metrics(model, options);
    sort_metrics(model.metrics);
    evaluation.models.push_back(std::move(model));
  }
  return evaluation;
}

}  // namespace apatite::eval
