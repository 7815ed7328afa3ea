#include "eval/roc/auc_difference.h"

#include <cmath>

#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

// The t with P(|T| < t) = confidence: where the tail of the incomplete beta function ends.
double student_factor(double confidence, double df) {
  const double y = incomplete_beta_inverse(0.5 * df, 0.5, 1 - confidence);  // df / (df + t^2)
  return std::sqrt(df * (1 - y) / y);
}

// AUCs on the same cases: the integers differ, divided once.
double difference_of(const AucCounts& a, const AucCounts& b) {
  const bool less = a.twice_wins < b.twice_wins;
  const double size =
      quotient(less ? b.twice_wins - a.twice_wins : a.twice_wins - b.twice_wins, a.twice_pairs());
  return less ? -size : size;
}

}  // namespace

std::optional<AucDifference> paired_auc_difference(const LabelledCases& cases, const Placements& a,
                                                   const Placements& b, double confidence) {
  const double factor = normal_factor(confidence);
  const std::optional<double> variance = auc_difference_variance(cases, a, b);
  if (!variance || !(*variance > 0)) return std::nullopt;
  AucDifference result;
  result.difference = difference_of(a.counts, b.counts);
  result.standard_error = std::sqrt(*variance);
  result.statistic = result.difference / result.standard_error;
  result.p_value = 2 * normal_upper(std::abs(result.statistic));
  result.interval = {.low = result.difference - factor * result.standard_error,
                     .high = result.difference + factor * result.standard_error};
  return result;
}

std::optional<AucDifference> unpaired_auc_difference(const UnpairedAuc& a, const UnpairedAuc& b,
                                                     double confidence) {
  (void)normal_factor(confidence);  // refuses what is no confidence
  if (!a.variance || !b.variance) return std::nullopt;
  const double variance = *a.variance + *b.variance;
  if (!(variance > 0)) return std::nullopt;
  AucDifference result;
  result.difference = a.counts.value() - b.counts.value();
  result.standard_error = std::sqrt(variance);
  result.statistic = result.difference / result.standard_error;
  const double df = variance * variance /
                    (*a.variance * *a.variance / (static_cast<double>(a.units) - 1) +
                     *b.variance * *b.variance / (static_cast<double>(b.units) - 1));
  result.degrees_of_freedom = df;
  result.p_value = student_t_two_sided(result.statistic, df);
  const double half = student_factor(confidence, df) * result.standard_error;
  result.interval = {.low = result.difference - half, .high = result.difference + half};
  return result;
}

}  // namespace apatite::eval
