#include "eval/roc/auc.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/math.h"
#include "base/text.h"
#include "eval/roc/placement_sums.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

// The variance of the mean of k values v_i / scale, where the v_i have the sum `sum` and their
// squares the sum `squares`: (k squares - sum^2) / (k^2 (k - 1) scale^2). The numerator is below
// 2^124.
double variance_of_mean(std::uint64_t k, Uint128 squares, std::uint64_t sum, double scale) {
  const auto count = static_cast<double>(k);
  const auto numerator = static_cast<double>(k * squares - Uint128{sum} * sum);
  return numerator / (count * scale) / (count * scale) / static_cast<double>(k - 1);
}

}  // namespace

double quotient(std::uint64_t numerator, std::uint64_t denominator) {
  if (numerator == 0) return 0;
  // At least 63 bits of the quotient, and one more bit that is set if the division leaves a
  // remainder.
  const int shift = 64 + std::countl_zero(numerator);
  const Uint128 dividend = Uint128{numerator << static_cast<unsigned>(shift - 64)} << 64U;
  Uint128 bits = dividend / denominator;
  bool more = dividend % denominator != 0;
  int exponent = -shift;
  while (bits >> 64U != 0) {
    more = more || (bits & 1U) != 0;
    bits >>= 1U;
    ++exponent;
  }
  return std::ldexp(static_cast<double>(static_cast<std::uint64_t>(bits) | (more ? 1U : 0U)),
                    exponent);
}

void check_sizes(std::span<const std::uint8_t> labels, std::span<const double> scores) {
  if (labels.size() != scores.size()) {
    throw Error(ErrorKind::kUsage, "AUC",
                "there are " + std::to_string(labels.size()) + " labels and " +
                    std::to_string(scores.size()) + " scores");
  }
  if (labels.size() >= std::size_t{1} << 31U) {
    throw Error(ErrorKind::kUsage, "AUC", "there are 2^31 rows or more", "split the rows");
  }
}

void check_labels_and_scores(std::span<const std::uint8_t> labels, std::span<const double> scores) {
  check_sizes(labels, scores);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] > 1) {
      throw Error(ErrorKind::kUsage, "AUC",
                  "label " + std::to_string(row) + " is " + std::to_string(labels[row]),
                  "labels are 0 and 1");
    }
    if (std::isnan(scores[row])) {
      throw Error(ErrorKind::kUsage, "AUC", "score " + std::to_string(row) + " is not a number",
                  "give every row a score");
    }
  }
}

Auc auc(std::span<const std::uint8_t> labels, std::span<const double> scores, int threads) {
  const PlacementSums sums = sum_placements(labels, scores, threads);
  const std::uint64_t m = sums.positives;
  const std::uint64_t n = labels.size() - m;
  Auc result{.counts = {.positives = m, .negatives = n, .twice_wins = sums.twice_wins}};
  if (m >= 2 && n >= 2) {
    result.variance =
        variance_of_mean(m, sums.positive_squares, sums.twice_wins, 2 * static_cast<double>(n)) +
        variance_of_mean(n, sums.negative_squares, sums.twice_wins, 2 * static_cast<double>(m));
  }
  return result;
}

std::optional<double> weighted_auc(std::span<const std::uint8_t> labels,
                                   std::span<const double> scores,
                                   std::span<const double> weights) {
  check_labels_and_scores(labels, scores);
  if (weights.size() != labels.size()) {
    throw Error(ErrorKind::kUsage, "AUC",
                "there are " + std::to_string(labels.size()) + " labels and " +
                    std::to_string(weights.size()) + " weights");
  }
  for (std::size_t row = 0; row < weights.size(); ++row) {
    if (weights[row] >= 0 && !std::isinf(weights[row])) continue;
    throw Error(ErrorKind::kUsage, "AUC",
                "weight " + std::to_string(row) + " is " + to_text(weights[row]),
                "weights are finite and not negative");
  }
  const std::vector<KeyedRow> rows = rows_by_score(scores);
  CompensatedSum below;  // weight of the negatives with a smaller score
  CompensatedSum wins;
  CompensatedSum positives;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    CompensatedSum positive;
    CompensatedSum negative;
    for (; end < rows.size() && rows[end].key == rows[begin].key; ++end) {
      const std::uint32_t row = rows[end].row;
      (labels[row] == 1 ? positive : negative).add(weights[row]);
    }
    wins.add(positive.value() * (below.value() + 0.5 * negative.value()));
    positives.add(positive.value());
    below.add(negative.value());
    begin = end;
  }
  const double pairs = positives.value() * below.value();
  if (!(pairs > 0)) return std::nullopt;
  return wins.value() / pairs;
}

ConfidenceInterval auc_interval(const AucCounts& counts, double variance, double confidence) {
  const double half = normal_factor(confidence) * std::sqrt(variance);
  const double value = counts.value();
  return {.low = std::max(0.0, value - half), .high = std::min(1.0, value + half)};
}

std::optional<ConfidenceInterval> logit_auc_interval(const AucCounts& counts, double variance,
                                                     double confidence) {
  const double z = normal_factor(confidence);
  const std::uint64_t lost = counts.twice_pairs() - counts.twice_wins;
  if (counts.twice_wins == 0 || lost == 0) return std::nullopt;
  const double value = counts.value();
  const double half = z * std::sqrt(variance) / (value * counts.complement());
  const double odds = quotient(counts.twice_wins, lost);
  const double low_odds = odds * exponential(-half);
  const double high_odds_of_complement = exponential(-half) / odds;  // of 1 - AUC
  return ConfidenceInterval{.low = low_odds / (1 + low_odds),
                            .high = 1 / (1 + high_odds_of_complement)};
}

double hanley_mcneil_variance(const AucCounts& counts) {
  const double a = counts.value();
  const auto m = static_cast<double>(counts.positives);
  const auto n = static_cast<double>(counts.negatives);
  const double q1 = a / (2 - a);
  const double q2 = 2 * a * a / (1 + a);
  return (a * counts.complement() + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n);
}

}  // namespace apatite::eval
