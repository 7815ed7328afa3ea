// The four counts at a threshold, and the metrics that are functions of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/data/binary_decision.h"
#include "eval/statistics/metric.h"
#include "eval/statistics/proportion.h"

namespace apatite::eval {

// The counts TP, FN, FP and TN, in this order; sums of weights where cases are weighted.
using Cells = std::array<double, 4>;

struct Confusion {
  Cells cells{};
  bool weighted = false;
  // For variances: the sum over the clusters c of t_c t_c^T, where t_c are the cells of cluster c,
  // and the number of clusters with a case in each margin. Without clusters each case is a cluster
  // of one; the sum is then diag(cells).
  bool clustered = false;
  std::array<Cells, 4> products{};
  std::int64_t clusters = 0;
  std::int64_t clusters_positive = 0, clusters_negative = 0;                      // by the label
  std::int64_t clusters_predicted_positive = 0, clusters_predicted_negative = 0;  // by the decision
  double kish = 0;  // (sum w)^2 / sum w^2; the number of cases without weights

  [[nodiscard]] double tp() const { return cells[0]; }
  [[nodiscard]] double fn() const { return cells[1]; }
  [[nodiscard]] double fp() const { return cells[2]; }
  [[nodiscard]] double tn() const { return cells[3]; }
  [[nodiscard]] double positives() const { return cells[0] + cells[1]; }
  [[nodiscard]] double negatives() const { return cells[2] + cells[3]; }
  [[nodiscard]] double total() const { return positives() + negatives(); }
};

// From known counts of independent cases.
Confusion confusion_of_counts(std::int64_t tp, std::int64_t fn, std::int64_t fp, std::int64_t tn);

// `weight` and `cluster` may be empty; cluster numbers are 0 or more.
Confusion confusion_at_threshold(std::span<const double> scores,
                                 std::span<const std::uint8_t> positive,
                                 std::span<const double> weight,
                                 std::span<const std::int32_t> cluster, double threshold,
                                 ThresholdOperator comparison);

struct ConfusionOptions {
  ProportionMethod proportions = ProportionMethod::kWilson;
  double confidence = 0.95;
  std::optional<double> prevalence;  // for PPV and NPV at this prevalence
};

// Every metric that is a function of the counts, in the order of metric_definitions.h. Proportions
// have the interval of options.proportions; where cases are clustered or weighted it is that of the
// effective size n / deff (Rao and Scott 1992). The other metrics have an interval by linearisation
// (the delta method) on their usual scale.
std::vector<Metric> confusion_metrics(const Confusion& confusion, const ConfusionOptions& options);

// The effective number of cases behind a proportion whose numerator and denominator are sums of the
// cells that are marked by 1: n without clusters and weights, otherwise n / deff.
double effective_size(const Confusion& confusion, const Cells& numerator, const Cells& denominator);

}  // namespace apatite::eval
