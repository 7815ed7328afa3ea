#include "eval/auc.h"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/math.h"
#include "base/text.h"
#include "eval/sorted_keys.h"
#include "eval/special.h"

namespace apatite {
namespace {

// Twice the placement values: for a positive, twice the negatives below it plus those equal to it;
// for a negative, twice the positives above it plus those equal to it. Each is below 2^32.
struct PlacementSums {
  std::uint64_t twice_wins = 0;  // of the positives; that of the negatives is the same
  Uint128 positive_squares = 0;
  Uint128 negative_squares = 0;
};

// A place in both sorted lists, before all keys equal to a positive's.
struct Place {
  std::size_t positive = 0;
  std::size_t negative = 0;
};

Place place_of(std::span<const std::uint64_t> positives, std::span<const std::uint64_t> negatives,
               std::size_t positive) {
  if (positive >= positives.size()) return {positives.size(), negatives.size()};
  const auto lower = [&](std::span<const std::uint64_t> keys) {
    return static_cast<std::size_t>(
        std::lower_bound(keys.begin(), keys.end(), positives[positive]) - keys.begin());
  };
  return {lower(positives), lower(negatives)};
}

// Of the keys between two places.
PlacementSums sum_placements(std::span<const std::uint64_t> positives,
                             std::span<const std::uint64_t> negatives, Place from, Place to) {
  PlacementSums sums;
  std::size_t i = from.positive;
  std::size_t j = from.negative;
  const std::size_t m = positives.size();
  while (i < to.positive && j < to.negative) {
    const std::uint64_t positive = positives[i];
    const std::uint64_t negative = negatives[j];
    if (positive == negative) {
      std::size_t i_end = i;
      std::size_t j_end = j;
      while (i_end < to.positive && positives[i_end] == positive) ++i_end;
      while (j_end < to.negative && negatives[j_end] == positive) ++j_end;
      const std::uint64_t won = j + j_end;
      const std::uint64_t lost_to = (m - i) + (m - i_end);
      sums.twice_wins += won * (i_end - i);
      sums.positive_squares += Uint128{won} * won * (i_end - i);
      sums.negative_squares += Uint128{lost_to} * lost_to * (j_end - j);
      i = i_end;
      j = j_end;
      continue;
    }
    // Which is smaller is as good as random: without a branch.
    const std::uint64_t of_negative = negative < positive ? ~std::uint64_t{0} : 0;
    const std::uint64_t won = 2 * j & ~of_negative;
    const std::uint64_t lost_to = 2 * (m - i) & of_negative;
    sums.twice_wins += won;
    sums.positive_squares += Uint128{won} * won;
    sums.negative_squares += Uint128{lost_to} * lost_to;
    j += of_negative & 1U;
    i += ~of_negative & 1U;
  }
  const std::uint64_t won = 2 * to.negative;
  sums.twice_wins += won * (to.positive - i);
  sums.positive_squares += Uint128{won} * won * (to.positive - i);
  const std::uint64_t lost_to = 2 * (m - to.positive);
  sums.negative_squares += Uint128{lost_to} * lost_to * (to.negative - j);
  return sums;
}

// In parts for several threads: the sums are exact, so the parts do not matter.
PlacementSums sum_placements(std::span<const std::uint64_t> positives,
                             std::span<const std::uint64_t> negatives, int threads) {
  constexpr std::size_t kRowsPerPart = std::size_t{1} << 17U;
  const std::size_t parts = positives.size() / kRowsPerPart + 1;
  std::vector<PlacementSums> sums(parts);
#pragma omp parallel for num_threads(threads > 0 ? threads : omp_get_max_threads()) if (parts > 1)
  for (std::size_t part = 0; part < parts; ++part) {
    const Place from = part == 0 ? Place{} : place_of(positives, negatives, part * kRowsPerPart);
    const Place to = place_of(positives, negatives,
                              part + 1 == parts ? positives.size() : (part + 1) * kRowsPerPart);
    sums[part] = sum_placements(positives, negatives, from, to);
  }
  PlacementSums all;
  for (const PlacementSums& one : sums) {
    all.twice_wins += one.twice_wins;
    all.positive_squares += one.positive_squares;
    all.negative_squares += one.negative_squares;
  }
  return all;
}

// Of the mean of k values v_i / scale whose sum is `sum` and whose squares sum to `squares`:
// (k squares - sum^2) / (k^2 (k - 1) scale^2). The numerator is below 2^124.
double variance_of_mean(std::uint64_t k, Uint128 squares, std::uint64_t sum, double scale) {
  const auto count = static_cast<double>(k);
  const auto numerator = static_cast<double>(k * squares - Uint128{sum} * sum);
  return numerator / (count * scale) / (count * scale) / static_cast<double>(k - 1);
}

}  // namespace

double quotient(std::uint64_t numerator, std::uint64_t denominator) {
  if (numerator == 0) return 0;
  // At least 63 bits of the quotient, and one more that tells whether it goes on.
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

void check_labels_and_scores(std::span<const std::uint8_t> labels, std::span<const double> scores) {
  if (labels.size() != scores.size()) {
    throw Error(ErrorKind::kUsage, "AUC",
                "there are " + std::to_string(labels.size()) + " labels and " +
                    std::to_string(scores.size()) + " scores");
  }
  if (labels.size() >= std::size_t{1} << 31U) {
    throw Error(ErrorKind::kUsage, "AUC", "there are 2^31 rows or more", "split the rows");
  }
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
  check_labels_and_scores(labels, scores);
  const auto m = static_cast<std::size_t>(std::count(labels.begin(), labels.end(), 1));
  // Without a branch: each key is written to the ends of both lists, and one of them grows. That
  // takes one more element at the end of each.
  std::vector<std::uint64_t> positives(m + 1);
  std::vector<std::uint64_t> negatives(labels.size() - m + 1);
  std::size_t positive = 0;
  std::size_t negative = 0;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const std::uint64_t key = ordered_key(scores[row]);
    positives[positive] = key;
    negatives[negative] = key;
    positive += labels[row];
    negative += 1U - labels[row];
  }
  positives.pop_back();
  negatives.pop_back();
  Auc result{.counts = {.positives = m, .negatives = labels.size() - m}};
  if (!result.counts.defined()) return result;
  sort_keys(positives, threads);
  sort_keys(negatives, threads);
  const PlacementSums sums = sum_placements(positives, negatives, threads);
  result.counts.twice_wins = sums.twice_wins;
  const std::uint64_t n = result.counts.negatives;
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
  std::vector<KeyedRow> rows(labels.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!(weights[row] >= 0) || std::isinf(weights[row])) {
      throw Error(ErrorKind::kUsage, "AUC",
                  "weight " + std::to_string(row) + " is " + to_text(weights[row]),
                  "weights are finite and not negative");
    }
    rows[row] = {.key = ordered_key(scores[row]), .row = static_cast<std::uint32_t>(row)};
  }
  sort_keys(rows);
  CompensatedSum below;  // of the negatives
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

double normal_factor(double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    throw Error(ErrorKind::kUsage, "confidence", "it is " + to_text(confidence),
                "give a number between 0 and 1, such as 0.95");
  }
  return -normal_quantile(0.5 * (1 - confidence));
}

AucInterval auc_interval(const AucCounts& counts, double variance, double confidence) {
  const double half = normal_factor(confidence) * std::sqrt(variance);
  const double value = counts.value();
  return {.lower = std::max(0.0, value - half), .upper = std::min(1.0, value + half)};
}

std::optional<AucInterval> logit_auc_interval(const AucCounts& counts, double variance,
                                              double confidence) {
  const double z = normal_factor(confidence);
  const std::uint64_t lost = counts.twice_pairs() - counts.twice_wins;
  if (counts.twice_wins == 0 || lost == 0) return std::nullopt;
  const double value = counts.value();
  const double half = z * std::sqrt(variance) / (value * counts.complement());
  const double odds = quotient(counts.twice_wins, lost);
  const double lower = odds * exponential(-half);
  const double upper = exponential(-half) / odds;  // of 1 - AUC
  return AucInterval{.lower = lower / (1 + lower), .upper = 1 / (1 + upper)};
}

double hanley_mcneil_variance(const AucCounts& counts) {
  const double a = counts.value();
  const auto m = static_cast<double>(counts.positives);
  const auto n = static_cast<double>(counts.negatives);
  const double q1 = a / (2 - a);
  const double q2 = 2 * a * a / (1 + a);
  return (a * counts.complement() + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n);
}

}  // namespace apatite
