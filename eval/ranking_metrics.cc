#include "eval/ranking_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "eval/roc/bootstrap.h"
#include "eval/roc/placements.h"

namespace apatite::eval {
namespace {

constexpr std::array<std::string_view, 5> kAucMethods{"delong", "logit-delong", "hanley-mcneil",
                                                      "bootstrap-percentile", "bootstrap-bca"};

constexpr std::string_view kAtTheEnd = "the estimate is at the end of its range";

// The interval of the AUC from draws of cases or, where they are clustered, of patients.
void add_bootstrap(Metric& metric, const LabelledScores& cases, const EvaluationOptions& options) {
  const LabelledCases plain{.labels = cases.positive, .clusters = cases.cluster};
  const std::array<std::span<const double>, 1> models{cases.scores};
  const Bootstrap draws = bootstrap_aucs(
      plain, models, {.draws = options.draws, .seed = options.seed, .progress = options.progress});
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

Metric auc_metric(const LabelledScores& cases, AucCounts& counts,
                  const EvaluationOptions& options) {
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

}  // namespace

std::string missing_class(double positives, double negatives) {
  if (positives == 0) return "no positives";
  return negatives == 0 ? "no negatives" : "";
}

std::string_view name_of(AucMethod method) {
  return kAucMethods.at(static_cast<std::size_t>(method));
}

AucMethod parse_auc_method(std::string_view name) {
  const auto found = std::find(kAucMethods.begin(), kAucMethods.end(), name);
  if (found == kAucMethods.end()) {
    throw Error(
        ErrorKind::kUsage, "AUC interval", "there is none called '" + std::string(name) + "'",
        "there are: " + join(std::vector<std::string>(kAucMethods.begin(), kAucMethods.end())));
  }
  return static_cast<AucMethod>(found - kAucMethods.begin());
}

void add_ranking_metrics(ModelEvaluation& model, const LabelledScores& cases,
                         const Ranking& ranking, const EvaluationOptions& options) {
  constexpr std::array<std::string_view, 4> kIds{"auc", "partial_auc", "partial_auc_standardised",
                                                 "average_precision"};
  std::string reason = missing_class(ranking.positives(), ranking.negatives());
  if (options.level != AggregationLevel::kImage && options.aggregation == Aggregation::kAny) {
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

}  // namespace apatite::eval
