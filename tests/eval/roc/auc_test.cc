// The AUC and DeLong's variance against their O(n^2) definitions.
#include "eval/roc/auc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "eval/statistics/sorting.h"
#include "tests/eval/random_scores.h"

namespace apatite::eval {
namespace {

double wins(double positive, double negative) {
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

struct ByDefinition {
  AucCounts counts;
  double variance = 0;
};

double variance_of(const std::vector<double>& values, double mean) {
  long double sum = 0;
  for (const double v : values) sum += (static_cast<long double>(v) - mean) * (v - mean);
  return static_cast<double>(sum / static_cast<long double>(values.size() - 1));
}

// DeLong, DeLong, Clarke-Pearson 1988, as written there.
ByDefinition by_definition(const std::vector<std::uint8_t>& labels,
                           const std::vector<double>& scores) {
  std::vector<double> positives;
  std::vector<double> negatives;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    (labels[i] == 1 ? positives : negatives).push_back(scores[i]);
  }
  ByDefinition result;
  const auto m = static_cast<double>(positives.size());
  const auto n = static_cast<double>(negatives.size());
  std::vector<double> v10;
  std::vector<double> v01;
  double sum = 0;
  for (const double x : positives) {
    double component = 0;
    for (const double y : negatives) component += wins(x, y);
    sum += component;
    v10.push_back(component / n);
  }
  for (const double y : negatives) {
    double component = 0;
    for (const double x : positives) component += wins(x, y);
    v01.push_back(component / m);
  }
  result.counts = {.positives = positives.size(),
                   .negatives = negatives.size(),
                   .twice_wins = static_cast<std::uint64_t>(2 * sum)};
  const double theta = sum / (m * n);
  if (m >= 2 && n >= 2) result.variance = variance_of(v10, theta) / m + variance_of(v01, theta) / n;
  return result;
}

TEST(Auc, EqualsItsDefinitionOnManyTiedSets) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    const std::size_t rows = 2 + seed % 97;
    const std::uint64_t levels = seed % 3 == 0 ? 4 : seed % 3 == 1 ? 25 : 1'000'000;
    const RandomScores data = random_scores(seed, rows, levels, seed % 5 == 0 ? 0.05 : 0.4);
    const Auc fast = auc(data.labels, data.scores);
    const ByDefinition slow = by_definition(data.labels, data.scores);
    ASSERT_EQ(fast.counts.positives, slow.counts.positives);
    ASSERT_EQ(fast.counts.negatives, slow.counts.negatives);
    ASSERT_EQ(fast.counts.twice_wins, slow.counts.twice_wins) << "seed " << seed;
    const bool has_variance = slow.counts.positives >= 2 && slow.counts.negatives >= 2;
    ASSERT_EQ(fast.variance.has_value(), has_variance);
    if (has_variance) {
      ASSERT_NEAR(*fast.variance, slow.variance, 1e-13 * slow.variance) << "seed " << seed;
      ++compared;
    }
  }
  EXPECT_GT(compared, 500);
}

// Enough rows for the radix sort, and for several threads in it.
TEST(Auc, EqualsItsDefinitionOnALargeSetForAnyNumberOfThreads) {
  for (const std::uint64_t levels : {200ULL, 1ULL << 40U}) {
    const RandomScores data = random_scores(7, 6'000, levels);
    const ByDefinition slow = by_definition(data.labels, data.scores);
    const Auc fast = auc(data.labels, data.scores);
    EXPECT_EQ(fast.counts.twice_wins, slow.counts.twice_wins);
    EXPECT_NEAR(fast.variance.value(), slow.variance, 1e-13 * slow.variance);
  }
  const RandomScores data = random_scores(8, 500'000, 1ULL << 40U);
  const Auc one = auc(data.labels, data.scores, 1);
  EXPECT_GT(one.counts.twice_wins, one.counts.twice_pairs() / 2);
  for (const int threads : {2, 3, 7}) {
    const Auc many = auc(data.labels, data.scores, threads);
    EXPECT_EQ(many.counts.twice_wins, one.counts.twice_wins);
    EXPECT_EQ(many.variance, one.variance);
  }
}

// Scores of every magnitude and sign, as any bits can be.
TEST(Auc, EqualsItsDefinitionOverTheWholeRangeOfScores) {
  RandomScores data = random_scores(13, 3'000, 1000);
  for (std::size_t row = 0; row < data.scores.size(); ++row) {
    const auto any = std::bit_cast<double>(random_bits(14, row));
    if (!std::isnan(any)) data.scores[row] = row % 3 == 0 ? data.scores[row / 2] : any;
  }
  const ByDefinition slow = by_definition(data.labels, data.scores);
  const Auc fast = auc(data.labels, data.scores);
  EXPECT_EQ(fast.counts.twice_wins, slow.counts.twice_wins);
  EXPECT_NEAR(fast.variance.value(), slow.variance, 1e-13 * slow.variance);
}

TEST(Auc, KnowsSignsZerosAndInfinities) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<std::uint8_t> labels{1, 0, 1, 0, 1, 0, 1, 0};
  const std::vector<double> scores{0.0, -0.0, kInfinity, -kInfinity, -1.5, -2.5, 3.0, kInfinity};
  EXPECT_EQ(auc(labels, scores).counts.twice_wins, by_definition(labels, scores).counts.twice_wins);
  EXPECT_EQ(ordered_key(0.0), ordered_key(-0.0));
  EXPECT_LT(ordered_key(-1e-300), ordered_key(0.0));
  EXPECT_LT(ordered_key(-kInfinity), ordered_key(std::numeric_limits<double>::lowest()));
}

TEST(Auc, IsUndefinedWithOneClass) {
  const std::vector<std::uint8_t> labels{1, 1};
  const std::vector<double> scores{1, 2};
  EXPECT_FALSE(auc(labels, scores).counts.defined());
  EXPECT_FALSE(auc(labels, scores).variance.has_value());
  EXPECT_FALSE(auc({}, {}).counts.defined());
}

void expect_error(std::vector<std::uint8_t> labels, std::vector<double> scores, const char* part) {
  try {
    auc(labels, scores);
    ADD_FAILURE() << "accepted, but should say: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Auc, RefusesWhatIsNoScore) {
  expect_error({1, 0}, {1, std::numeric_limits<double>::quiet_NaN()}, "score 1 is not a number");
  expect_error({1, 2}, {1, 2}, "label 1 is 2");
  expect_error({1, 0}, {1}, "2 labels and 1 scores");
}

TEST(Auc, QuotientIsRoundedOnce) {
  EXPECT_EQ(quotient(0, 7), 0.0);
  EXPECT_EQ(quotient(7, 7), 1.0);
  EXPECT_EQ(quotient(1, 3), 1.0 / 3);
  EXPECT_EQ(quotient(2, 3), 2.0 / 3);
  // 2^53 + 1 halves lie between two numbers: ties to even, and away from the tie with one more.
  EXPECT_EQ(quotient((1ULL << 54U) + 2, 2), 0x1p53);
  EXPECT_EQ(quotient((1ULL << 55U) + 5, 4), 0x1p53 + 2);
  EXPECT_EQ(quotient(~0ULL, 1), 0x1p64);
  EXPECT_EQ(quotient(1, ~0ULL), 0x1p-64);
}

TEST(Auc, WeightsOfOneChangeNothing) {
  const RandomScores data = random_scores(9, 400, 30);
  const std::vector<double> ones(400, 1.0);
  EXPECT_EQ(weighted_auc(data.labels, data.scores, ones).value(),
            auc(data.labels, data.scores).counts.value());
}

// An integer weight is that many equal rows.
TEST(Auc, WeightsAreRepetitions) {
  const RandomScores data = random_scores(10, 200, 12);
  std::vector<double> weights;
  RandomScores repeated;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    const std::uint64_t weight = random_bits(11, i) % 4;
    weights.push_back(static_cast<double>(weight));
    for (std::uint64_t k = 0; k < weight; ++k) {
      repeated.labels.push_back(data.labels[i]);
      repeated.scores.push_back(data.scores[i]);
    }
  }
  EXPECT_EQ(weighted_auc(data.labels, data.scores, weights).value(),
            auc(repeated.labels, repeated.scores).counts.value());
  EXPECT_FALSE(weighted_auc(data.labels, data.scores, std::vector<double>(200, 0.0)).has_value());
  weights[3] = -1;
  EXPECT_THROW(weighted_auc(data.labels, data.scores, weights), Error);
}

TEST(Auc, Intervals) {
  const RandomScores data = random_scores(12, 150, 1000);
  const Auc result = auc(data.labels, data.scores);
  const double variance = result.variance.value();
  const ConfidenceInterval plain = auc_interval(result.counts, variance, 0.95);
  const double half = 1.959963984540054 * std::sqrt(variance);
  EXPECT_NEAR(plain.low, result.counts.value() - half, 1e-15);
  EXPECT_NEAR(plain.high, std::min(1.0, result.counts.value() + half), 1e-15);
  const ConfidenceInterval logit = logit_auc_interval(result.counts, variance, 0.95).value();
  EXPECT_GT(logit.low, 0.0);
  EXPECT_LT(logit.low, result.counts.value());
  EXPECT_GT(logit.high, result.counts.value());
  EXPECT_LT(logit.high, 1.0);
  const AucCounts perfect{.positives = 3, .negatives = 4, .twice_wins = 24};
  EXPECT_FALSE(logit_auc_interval(perfect, 0.0, 0.95).has_value());
  EXPECT_EQ(perfect.value(), 1.0);
  EXPECT_EQ(perfect.complement(), 0.0);
  EXPECT_THROW(auc_interval(perfect, 0.0, 95), Error);
}

// The formula in exact rational arithmetic, rounded once.
TEST(Auc, HanleyMcNeil) {
  const AucCounts counts{.positives = 51, .negatives = 58, .twice_wins = 5283};
  EXPECT_NEAR(hanley_mcneil_variance(counts), 0.0010569836811645916, 1e-17);
}

}  // namespace
}  // namespace apatite::eval
