#include "eval/statistics/resampling.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace apatite::eval {

double quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) throw Error(ErrorKind::kInternal, "quantile", "there are no values");
  const double at = q * static_cast<double>(sorted.size() - 1);
  const double below = std::floor(at);
  const auto index = std::min(static_cast<std::size_t>(below), sorted.size() - 1);
  const std::size_t next = std::min(index + 1, sorted.size() - 1);
  return sorted[index] + (at - below) * (sorted[next] - sorted[index]);
}

ConfidenceInterval percentile_interval(std::vector<double> values, double confidence,
                                       PercentileRule rule) {
  (void)normal_factor(confidence);  // refuses a confidence outside 0 .. 1
  if (values.empty()) throw Error(ErrorKind::kInternal, "percentiles", "there are no values");
  std::sort(values.begin(), values.end());
  const double tail = 0.5 * (1 - confidence);
  if (rule == PercentileRule::kInterpolated) {
    return {.low = quantile(values, tail), .high = quantile(values, 1 - tail)};
  }
  const auto floored = static_cast<std::size_t>(tail * static_cast<double>(values.size()));
  const std::size_t k = std::max<std::size_t>(floored, 1);
  return {.low = values[k - 1], .high = values[values.size() - k]};
}

}  // namespace apatite::eval
