// The bootstrap against drawing the cases one by one, and the coverage of its intervals.
#include "eval/roc/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "eval/roc/bootstrap_kernel.h"
#include "tests/eval/random_scores.h"

namespace apatite::eval {
namespace {

struct Study {
  RandomScores data;
  std::vector<double> other;
  std::vector<std::int32_t> clusters;

  Study(std::uint64_t seed, std::size_t rows, std::uint64_t levels)
      : data(random_scores(seed, rows, levels)) {
    other = random_scores(seed + 99, rows, levels).scores;
    for (std::size_t i = 0; i < rows; ++i) {
      clusters.push_back(static_cast<std::int32_t>(random_bits(seed, 5 * i) % (rows / 3 + 1)));
    }
  }
  [[nodiscard]] LabelledCases cases(bool clustered) const {
    return {.labels = data.labels,
            .clusters = clustered ? std::span<const std::int32_t>(clusters)
                                  : std::span<const std::int32_t>()};
  }
  [[nodiscard]] std::vector<std::span<const double>> models() const { return {data.scores, other}; }
};

// One draw as bootstrap.h describes it, as rows of their own.
RandomScores drawn(const Study& study, const std::vector<double>& scores, bool clustered,
                   bool stratified, std::uint64_t seed, std::uint64_t draw) {
  std::map<std::int32_t, std::vector<std::size_t>> clusters;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    clusters[clustered ? study.clusters[i] : static_cast<std::int32_t>(i)].push_back(i);
  }
  std::vector<std::vector<std::int32_t>> strata(2);
  for (const auto& [name, rows] : clusters) {
    const bool positive = std::any_of(rows.begin(), rows.end(),
                                      [&](std::size_t i) { return study.data.labels[i] == 1; });
    strata[stratified && !positive ? 1 : 0].push_back(name);
  }
  RandomScores result;
  std::uint64_t counter = 0;
  for (const std::vector<std::int32_t>& stratum : strata) {
    for (std::size_t i = 0; i < stratum.size(); ++i) {
      const std::uint64_t bits = random_bits(random_stream(seed, draw), counter++);
      const auto k = static_cast<std::size_t>((Uint128{bits} * stratum.size()) >> 64U);
      for (const std::size_t row : clusters[stratum[k]]) {
        result.labels.push_back(study.data.labels[row]);
        result.scores.push_back(scores[row]);
      }
    }
  }
  return result;
}

TEST(Bootstrap, EqualsDrawingTheRows) {
  for (const std::uint64_t levels : {8ULL, 1'000'000ULL}) {
    const Study study(21, 90, levels);
    for (const bool clustered : {false, true}) {
      for (const bool stratified : {false, true}) {
        const BootstrapOptions options{.draws = 21, .seed = 5, .stratified = stratified};
        const Bootstrap result = bootstrap_aucs(study.cases(clustered), study.models(), options);
        ASSERT_EQ(result.values.size(), 2U);
        ASSERT_EQ(result.values[0].size(), 21U);
        for (std::uint64_t draw = 0; draw < 21; ++draw) {
          for (const int model : {0, 1}) {
            const RandomScores rows = drawn(study, model == 0 ? study.data.scores : study.other,
                                            clustered, stratified, 5, draw);
            ASSERT_EQ(result.values[static_cast<std::size_t>(model)][draw],
                      auc(rows.labels, rows.scores).counts.value())
                << draw << clustered << stratified;
          }
        }
      }
    }
  }
}

TEST(Bootstrap, GivesTheSameBitsForAnyNumberOfThreads) {
  const Study study(22, 1000, 500);
  BootstrapOptions options{.draws = 100, .threads = 1};
  const Bootstrap one = bootstrap_aucs(study.cases(true), study.models(), options);
  EXPECT_NE(one.values[0], one.values[1]);
  for (const int threads : {2, 3, 8}) {
    options.threads = threads;
    EXPECT_EQ(bootstrap_aucs(study.cases(true), study.models(), options).values, one.values);
  }
  options.seed = 2;
  EXPECT_NE(bootstrap_aucs(study.cases(true), study.models(), options).values, one.values);
}

// Sums beyond 16 and 32 bits, over more clusters than are added in one piece.
TEST(Bootstrap, AddsUpLargeClusters) {
  constexpr std::size_t kClusters = 700;
  std::vector<std::uint32_t> sizes;
  std::vector<DrawCounts> counts(kClusters);
  DrawTotals expected{};
  for (std::size_t cluster = 0; cluster < kClusters; ++cluster) {
    const std::uint64_t bits = random_bits(31, cluster);
    sizes.push_back(static_cast<std::uint32_t>(bits >> (33 + bits % 30)));
    for (std::size_t k = 0; k < kDrawsAtOnce; ++k) {
      counts[cluster].of[k] = static_cast<std::uint8_t>(random_bits(32, 40 * cluster + k) | 128U);
      expected[k] += std::uint64_t{sizes[cluster]} * counts[cluster].of[k];
    }
  }
  EXPECT_EQ(drawn_total(sizes, counts), expected);
  EXPECT_GT(expected[0], std::uint64_t{1} << 33U);
  // One positive above all negatives, which are more than fit in 16 bits: all are won.
  RankedClusters ranked;
  for (std::uint32_t i = 0; i < kClusters; ++i) ranked.negatives.push_back(i);
  ranked.positives.push_back(0);
  ranked.steps.push_back({.below = kClusters, .equal = kClusters, .positives = 1});
  const DrawTotals wins = drawn_twice_wins(ranked, counts);
  for (std::size_t k = 0; k < kDrawsAtOnce; ++k) {
    std::uint64_t below = 0;
    for (const DrawCounts& count : counts) below += count.of[k];
    EXPECT_EQ(wins[k], 2 * below * counts[0].of[k]);
  }
}

TEST(Bootstrap, CountsDrawsWithoutAClass) {
  const std::vector<std::uint8_t> labels{1, 0, 0, 0};
  const std::vector<double> scores{2, 1, 3, 0};
  const std::vector<std::span<const double>> models{scores};
  const Bootstrap plain = bootstrap_aucs({.labels = labels}, models, {.draws = 400});
  // The positive is missing with probability (3/4)^4 = 0.316, all are positive with 1/256.
  EXPECT_GT(plain.undefined, 80);
  EXPECT_LT(plain.undefined, 180);
  EXPECT_EQ(plain.values[0].size(), 400U - static_cast<std::size_t>(plain.undefined));
  const Bootstrap within =
      bootstrap_aucs({.labels = labels}, models, {.draws = 400, .stratified = true});
  EXPECT_EQ(within.undefined, 0);
  EXPECT_THROW(bootstrap_aucs({.labels = labels}, models, {.draws = 0}), Error);
}

TEST(Bootstrap, JackknifeLeavesOneClusterOut) {
  for (const std::uint64_t levels : {7ULL, 1'000'000ULL}) {
    const Study study(23, 60, levels);
    for (const bool clustered : {false, true}) {
      const Jackknife result =
          jackknife_aucs(study.cases(clustered), study.data.scores, false).value();
      ASSERT_EQ(result.size(), 1U);
      std::size_t at = 0;
      for (std::int32_t name = 0; name < 60; ++name) {
        RandomScores rest;
        for (std::size_t i = 0; i < 60; ++i) {
          const std::int32_t cluster = clustered ? study.clusters[i] : static_cast<std::int32_t>(i);
          if (cluster == name) continue;
          rest.labels.push_back(study.data.labels[i]);
          rest.scores.push_back(study.data.scores[i]);
        }
        if (rest.labels.size() == 60) continue;
        ASSERT_EQ(result[0].at(at++), auc(rest.labels, rest.scores).counts.value());
      }
      EXPECT_EQ(at, result[0].size());
    }
  }
  const std::vector<std::uint8_t> labels{1, 0, 0};
  const std::vector<double> scores{2, 1, 3};
  EXPECT_FALSE(jackknife_aucs({.labels = labels}, scores, false).has_value());
}

TEST(Bootstrap, Quantiles) {
  const std::vector<double> values{1, 2, 4, 8};
  EXPECT_EQ(quantile(values, 0), 1.0);
  EXPECT_EQ(quantile(values, 1), 8.0);
  EXPECT_EQ(quantile(values, 0.5), 3.0);
  EXPECT_EQ(quantile(values, 0.25), 1.75);
  EXPECT_THROW(quantile({}, 0.5), Error);
  EXPECT_EQ(standard_deviation(std::vector<double>{1, 3}), std::sqrt(2.0));
}

TEST(Bootstrap, BcaWithoutBiasAndSkewIsThePercentileInterval) {
  std::vector<double> values;
  for (int i = -500; i <= 500; ++i) values.push_back(i);
  const Jackknife symmetric{{1, 2, 3, 4, 5}};
  const ConfidenceInterval percentile = percentile_interval(values, 0.9);
  const ConfidenceInterval bca = bca_interval(values, 0, symmetric, 0.9).value();
  EXPECT_NEAR(bca.low, percentile.low, 1e-9);
  EXPECT_NEAR(bca.high, percentile.high, 1e-9);
  EXPECT_FALSE(bca_interval(values, 1000, symmetric, 0.9).has_value());
  EXPECT_FALSE(bca_interval(values, 0, {{1, 1, 1}}, 0.9).has_value());
}

}  // namespace
}  // namespace apatite::eval
