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

// The cells in the order TP, FN, FP, TN; sums of weights where cases are weighted.
using Cells = std::array<double, 4>;

struct Confusion {
  Cells cells{};
  bool weighted = false;
  // For the variance: sum over the clusters c of t_c t_c^T, where t_c are the cells of cluster c,
  // and how many clusters there are with a case in each margin. Cases of their own are clusters of
  // one; then the sum is diag(cells).
  bool clustered = false;
  std::array<Cells, 4> products{};
  std::int64_t clusters = 0;
  std::int64_t clusters_positive = 0, clusters_negative = 0;  // by the label
  std::int64_t clusters_called = 0, clusters_not_called = 0;  // by the call
  double kish = 0;  // (sum w)^2 / sum w^2; the number of cases without weights

  [[nodiscard]] double tp() const { return cells[0]; }
  [[nodiscard]] double fn() const { return cells[1]; }
  [[nodiscard]] double fp() const { return cells[2]; }
  [[nodiscard]] double tn() const { return cells[3]; }
  [[nodiscard]] double positives() const { return cells[0] + cells[1]; }
  [[nodiscard]] double negatives() const { return cells[2] + cells[3]; }
  [[nodiscard]] double total() const { return positives() + negatives(); }
};

// From counts that are known, of independent cases.
Confusion confusion_of_counts(std::int64_t tp, std::int64_t fn, std::int64_t fp, std::int64_t tn);

// `weight` and `cluster` may be empty; cluster numbers are 0 and up.
Confusion confusion_at_threshold(std::span<const double> scores,
                                 std::span<const std::uint8_t> positive,
                                 std::span<const double> weight,
                                 std::span<const std::int32_t> cluster, double threshold,
                                 ThresholdOperator comparison);

struct ConfusionOptions {
  ProportionMethod proportions = ProportionMethod::kWilson;
  double confidence = 0.95;
  std::optional<double> prevalence;  // for PPV and NPV at a stated prevalence
};

// Every metric that is a function of the counts, in the order of definitions.h. Proportions have
// the interval asked for, of the effective size n / deff where cases are clustered or weighted (Rao
// and Scott 1992); the others one by linearisation (the delta method) on their usual scale.
std::vector<Metric> confusion_metrics(const Confusion& confusion, const ConfusionOptions& options);

// Effective number of cases that a proportion with numerator and denominator in the given cells
// has: n without clusters and weights. `deff` = n / effective.
double effective_size(const Confusion& confusion, const Cells& numerator, const Cells& denominator);

}  // namespace apatite::eval
