// Covariances of AUCs against their definitions, with and without clusters.
#include "eval/roc/placements.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "base/error.h"
#include "eval/roc/auc_difference.h"
#include "tests/eval/random_scores.h"

namespace apatite::eval {
namespace {

struct Study {
  std::vector<std::uint8_t> labels;
  std::vector<double> a, b;
  std::vector<std::int32_t> clusters;

  [[nodiscard]] LabelledCases cases() const { return {.labels = labels, .clusters = clusters}; }
  [[nodiscard]] LabelledCases independent() const { return {.labels = labels}; }
};

// Two models whose scores agree in part; clusters of 1 to about 5 rows that are not next to each
// other, of one or both classes.
Study random_study(std::uint64_t seed, std::size_t rows, std::uint64_t levels) {
  const RandomScores first = random_scores(seed, rows, levels, 0.4, 0.25);
  const RandomScores second = random_scores(seed + 1'000'000, rows, levels, 0.4, 0.1);
  Study study{.labels = first.labels, .a = first.scores};
  for (std::size_t i = 0; i < rows; ++i) {
    study.b.push_back(random_bits(seed, 7 * i) % 2 == 0 ? first.scores[i] : second.scores[i]);
    study.clusters.push_back(static_cast<std::int32_t>(random_bits(seed, 3 * i) % (rows / 2 + 2)));
  }
  return study;
}

double wins(double positive, double negative) {
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

// V10 of a positive, V01 of a negative.
std::vector<long double> components(const Study& study, const std::vector<double>& scores) {
  std::vector<long double> result;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    long double sum = 0;
    long double count = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (study.labels[j] == study.labels[i]) continue;
      sum += study.labels[i] == 1 ? wins(scores[i], scores[j]) : wins(scores[j], scores[i]);
      count += 1;
    }
    result.push_back(sum / count);
  }
  return result;
}

// Obuchowski 1997, equations for S10, S01, S11 of two models, written as there.
std::optional<double> covariance_by_definition(const Study& study, const std::vector<double>& x,
                                               const std::vector<double>& y,
                                               const std::vector<std::int32_t>& clusters) {
  const std::vector<long double> vx = components(study, x);
  const std::vector<long double> vy = components(study, y);
  long double m = 0;
  long double n = 0;
  long double mean_x = 0;
  long double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    (study.labels[i] == 1 ? m : n) += 1;
    if (study.labels[i] == 1) {
      mean_x += vx[i];
      mean_y += vy[i];
    }
  }
  mean_x /= m;
  mean_y /= m;
  const std::set<std::int32_t> names(clusters.begin(), clusters.end());
  long double s10 = 0;
  long double s01 = 0;
  long double s11 = 0;
  long double with_positives = 0;
  long double with_negatives = 0;
  for (const std::int32_t name : names) {
    long double px = 0;
    long double py = 0;
    long double nx = 0;
    long double ny = 0;
    long double positives = 0;
    long double negatives = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (clusters[i] != name) continue;
      if (study.labels[i] == 1) {
        positives += 1;
        px += vx[i];
        py += vy[i];
      } else {
        negatives += 1;
        nx += vx[i];
        ny += vy[i];
      }
    }
    if (positives > 0) with_positives += 1;
    if (negatives > 0) with_negatives += 1;
    s10 += (px - positives * mean_x) * (py - positives * mean_y);
    s01 += (nx - negatives * mean_x) * (ny - negatives * mean_y);
    s11 += (px - positives * mean_x) * (ny - negatives * mean_y) +
           (py - positives * mean_y) * (nx - negatives * mean_x);
  }
  if (with_positives < 2 || with_negatives < 2) return std::nullopt;
  const auto count = static_cast<long double>(names.size());
  s10 *= with_positives / ((with_positives - 1) * m);
  s01 *= with_negatives / ((with_negatives - 1) * n);
  s11 *= count / (count - 1);
  return static_cast<double>(s10 / m + s01 / n + s11 / (m * n));
}

std::vector<std::int32_t> own_clusters(std::size_t rows) {
  std::vector<std::int32_t> clusters(rows);
  for (std::size_t i = 0; i < rows; ++i) clusters[i] = static_cast<std::int32_t>(i);
  return clusters;
}

TEST(Placements, CovariancesEqualTheirDefinitionsOnManyTiedSets) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Study study = random_study(seed, 8 + seed % 50, seed % 2 == 0 ? 6 : 100'000);
    const Placements a = placements(study.labels, study.a);
    const Placements b = placements(study.labels, study.b);
    for (const bool clustered : {false, true}) {
      const LabelledCases cases = clustered ? study.cases() : study.independent();
      const std::vector<std::int32_t> clusters =
          clustered ? study.clusters : own_clusters(study.labels.size());
      const auto expected = covariance_by_definition(study, study.a, study.b, clusters);
      const std::optional<double> result = auc_covariance(cases, a, b);
      ASSERT_EQ(result.has_value(), expected.has_value()) << "seed " << seed;
      if (!expected) continue;
      const double of_a = *auc_covariance(cases, a, a);
      const double of_b = *auc_covariance(cases, b, b);
      const double size = 1e-13 * std::sqrt(of_a * of_b);
      ASSERT_NEAR(*result, *expected, size) << "seed " << seed << " clustered " << clustered;
      ASSERT_NEAR(of_a, *covariance_by_definition(study, study.a, study.a, clusters), 1e-13 * of_a);
      ASSERT_NEAR(*auc_difference_variance(cases, a, b), of_a + of_b - 2 * *result,
                  1e-13 * (of_a + of_b));
      ++compared;
    }
  }
  EXPECT_GT(compared, 250);
}

TEST(Placements, GiveTheAucAndDeLongsVariance) {
  const Study study = random_study(3, 500, 40);
  const Placements a = placements(study.labels, study.a);
  const Auc direct = auc(study.labels, study.a);
  EXPECT_EQ(a.counts.twice_wins, direct.counts.twice_wins);
  EXPECT_NEAR(*auc_covariance(study.independent(), a, a), *direct.variance,
              1e-14 * *direct.variance);
  // Clusters of one row each are none.
  const std::vector<std::int32_t> own = own_clusters(500);
  EXPECT_EQ(auc_covariance({.labels = study.labels, .clusters = own}, a, a),
            auc_covariance(study.independent(), a, a));
}

TEST(Placements, RefuseClustersThatAreNone) {
  Study study = random_study(4, 20, 10);
  const Placements a = placements(study.labels, study.a);
  study.clusters[3] = -1;
  EXPECT_THROW(auc_covariance(study.cases(), a, a), Error);
  study.clusters.resize(7);
  EXPECT_THROW(auc_covariance(study.cases(), a, a), Error);
  Placements shorter = a;
  shorter.twice.resize(3);
  EXPECT_THROW(auc_covariance(study.independent(), a, shorter), Error);
}

TEST(CompareAuc, PairedDifference) {
  const Study study = random_study(5, 300, 1000);
  const Placements a = placements(study.labels, study.a);
  const Placements b = placements(study.labels, study.b);
  const AucDifference ab = paired_auc_difference(study.cases(), a, b, 0.95).value();
  const AucDifference ba = paired_auc_difference(study.cases(), b, a, 0.95).value();
  EXPECT_NEAR(ab.difference, a.counts.value() - b.counts.value(), 1e-15);
  EXPECT_EQ(ab.difference, -ba.difference);
  EXPECT_EQ(ab.p_value, ba.p_value);
  EXPECT_GT(ab.p_value, 0.0);
  EXPECT_LT(ab.p_value, 1.0);
  EXPECT_NEAR(ab.interval.high - ab.difference, 1.959963984540054 * ab.standard_error, 1e-15);
  EXPECT_FALSE(ab.degrees_of_freedom.has_value());
  // The same ranking: no variance, no test.
  EXPECT_FALSE(paired_auc_difference(study.cases(), a, a, 0.95).has_value());
}

TEST(CompareAuc, UnpairedDifference) {
  const Study study = random_study(6, 200, 1000);
  const Study other = random_study(7, 90, 1000);
  const Auc auc_a = auc(study.labels, study.a);
  const Auc auc_b = auc(other.labels, other.b);
  const UnpairedAuc a{.counts = auc_a.counts, .variance = auc_a.variance, .units = 200};
  const UnpairedAuc b{.counts = auc_b.counts, .variance = auc_b.variance, .units = 90};
  const AucDifference result = unpaired_auc_difference(a, b, 0.9).value();
  EXPECT_NEAR(result.standard_error, std::sqrt(*a.variance + *b.variance), 1e-16);
  EXPECT_GT(result.degrees_of_freedom.value(), 89.0);
  EXPECT_LT(result.degrees_of_freedom.value(), 288.0);
  // A p-value of 1 - confidence puts 0 on the interval's end.
  const AucDifference at = unpaired_auc_difference(a, b, 1 - result.p_value).value();
  EXPECT_NEAR(std::min(std::abs(at.interval.low), std::abs(at.interval.high)), 0.0,
              1e-12 * result.standard_error);
}

}  // namespace
}  // namespace apatite::eval
