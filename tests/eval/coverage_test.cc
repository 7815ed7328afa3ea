// How often 95 % intervals hold the truth, over seeded studies.
//
// What is asked for is Bradley's liberal criterion (1978), by which simulations of intervals are
// usually judged: a true error rate between half and one and a half times the nominal one, that is
// a coverage between 92.5 and 97.5 %. A share of kStudies studies counts as outside only if a
// coverage inside would give such a count with a chance below kChance: the bounds are binomial.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"
#include "eval/classification/confusion.h"
#include "eval/roc/auc.h"
#include "eval/roc/bootstrap.h"
#include "eval/roc/placements.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

constexpr int kStudies = 2000;
constexpr double kLowest = 0.925;
constexpr double kHighest = 0.975;
constexpr double kChance = 1e-4;

// P(X <= k) of X ~ Binomial(n, p).
double binomial_lower(int k, int n, double p) {
  if (k < 0) return 0;
  return k >= n ? 1 : incomplete_beta(n - k, k + 1, 1 - p);
}

double random_normal(std::uint64_t seed, std::uint64_t counter) {
  return normal_quantile((static_cast<double>(random_bits(seed, counter) >> 12U) + 0.5) * 0x1p-52);
}

struct Study {
  std::vector<std::uint8_t> labels;
  std::vector<double> scores;
  std::vector<std::int32_t> clusters;
};

// Patients with `images` each, all of one class; scores of positives are larger by 1, with a
// patient's part of standard deviation `shared` beside the image's of 1.
Study study(std::uint64_t seed, int patients, int images, double shared) {
  Study result;
  std::uint64_t counter = 0;
  for (int patient = 0; patient < patients; ++patient) {
    const double part = shared * random_normal(seed, counter++);
    for (int image = 0; image < images; ++image) {
      result.labels.push_back(patient % 2 == 0 ? 1 : 0);
      result.scores.push_back((patient % 2 == 0 ? 1 : 0) + part + random_normal(seed, counter++));
      result.clusters.push_back(patient);
    }
  }
  return result;
}

double true_auc(double shared) { return normal_lower(1 / std::sqrt(2 * (1 + shared * shared))); }

struct Counter {
  int held = 0;
  int studies = 0;

  void add(const std::optional<ConfidenceInterval>& interval, double truth) {
    ++studies;
    if (interval && interval->low <= truth && truth <= interval->high) ++held;
  }
  [[nodiscard]] double share() const { return held / static_cast<double>(studies); }
};

void expect_covers(const Counter& counter, const char* name) {
  EXPECT_EQ(counter.studies, kStudies) << name;
  // Too few held even for the lowest coverage, or too few missed even for the highest.
  EXPECT_GT(binomial_lower(counter.held, kStudies, kLowest), kChance) << name << counter.share();
  EXPECT_GT(binomial_lower(kStudies - counter.held, kStudies, 1 - kHighest), kChance)
      << name << counter.share();
  ::testing::Test::RecordProperty(name, std::to_string(counter.share()));
}

// Surely below what is asked for: the test sees what it is for.
void expect_covers_too_little(const Counter& counter) {
  EXPECT_LT(binomial_lower(counter.held, kStudies, kLowest), kChance) << counter.share();
}

TEST(Coverage, OfIndependentCases) {
  Counter delong;
  Counter logit;
  Counter hanley_mcneil;
  for (std::uint64_t seed = 0; seed < kStudies; ++seed) {
    const Study one = study(random_stream(71, seed), 80, 1, 0);
    const Auc result = auc(one.labels, one.scores);
    delong.add(auc_interval(result.counts, *result.variance, 0.95), true_auc(0));
    logit.add(logit_auc_interval(result.counts, *result.variance, 0.95), true_auc(0));
    hanley_mcneil.add(auc_interval(result.counts, hanley_mcneil_variance(result.counts), 0.95),
                      true_auc(0));
  }
  expect_covers(delong, "delong");
  expect_covers(logit, "logit_delong");
  expect_covers(hanley_mcneil, "hanley_mcneil");
}

TEST(Coverage, OfPatientsWithSeveralImages) {
  Counter obuchowski;
  Counter delong;
  for (std::uint64_t seed = 0; seed < kStudies; ++seed) {
    const Study one = study(random_stream(72, seed), 60, 4, 1);
    const Placements placed = placements(one.labels, one.scores);
    const LabelledCases clustered{.labels = one.labels, .clusters = one.clusters};
    obuchowski.add(auc_interval(placed.counts, *auc_covariance(clustered, placed, placed), 0.95),
                   true_auc(1));
    const LabelledCases independent{.labels = one.labels};
    delong.add(auc_interval(placed.counts, *auc_covariance(independent, placed, placed), 0.95),
               true_auc(1));
  }
  expect_covers(obuchowski, "obuchowski");
  // Taking four images of a patient as four patients is wrong, and is seen to be.
  expect_covers_too_little(delong);
}

// Percentile and BCa intervals of 992 draws.
void expect_bootstrap_covers(std::uint64_t seed, int patients, int images, double shared) {
  Counter percentile;
  Counter bca;
  for (std::uint64_t number = 0; number < kStudies; ++number) {
    const Study one = study(random_stream(seed, number), patients, images, shared);
    const LabelledCases cases{.labels = one.labels, .clusters = one.clusters};
    const std::array<std::span<const double>, 1> models{one.scores};
    const Bootstrap draws =
        bootstrap_aucs(cases, models, {.draws = 992, .seed = number, .threads = 1});
    const double estimate = auc(one.labels, one.scores).counts.value();
    percentile.add(percentile_interval(draws.values[0], 0.95), true_auc(shared));
    bca.add(
        bca_interval(draws.values[0], estimate, *jackknife_aucs(cases, one.scores, false), 0.95),
        true_auc(shared));
  }
  expect_covers(percentile, "percentile");
  expect_covers(bca, "bca");
}

TEST(Coverage, OfTheBootstrap) { expect_bootstrap_covers(73, 80, 1, 0); }
TEST(Coverage, OfTheBootstrapByPatients) { expect_bootstrap_covers(74, 80, 2, 1); }

// 100 patients with four images each, called positive with probability 0.8; the calls of a patient
// share half of their variance.
TEST(Coverage, OfProportionsByPatients) {
  constexpr double kTruth = 0.8;
  const double threshold = std::sqrt(2.0) * normal_quantile(1 - kTruth);
  Counter wald;
  Counter wilson;
  Counter clopper_pearson;
  Counter agresti_coull;
  Counter alone;
  for (std::uint64_t number = 0; number < kStudies; ++number) {
    Study one = study(random_stream(75, number), 100, 4, 1);
    for (std::size_t i = 0; i < one.scores.size(); ++i) one.scores[i] -= one.labels[i];
    const std::vector<std::uint8_t> positive(one.scores.size(), 1);
    const auto sensitivity = [&](ProportionMethod method, bool clustered) {
      const Confusion confusion = confusion_at_threshold(
          one.scores, positive, {},
          clustered ? std::span<const std::int32_t>(one.clusters) : std::span<const std::int32_t>(),
          threshold, ThresholdOperator::kGreater);
      for (const Metric& metric : confusion_metrics(confusion, {.proportions = method})) {
        if (metric.id == "sensitivity") return metric.interval.value();
      }
      return ConfidenceInterval{};
    };
    wald.add(sensitivity(ProportionMethod::kWald, true), kTruth);
    wilson.add(sensitivity(ProportionMethod::kWilson, true), kTruth);
    clopper_pearson.add(sensitivity(ProportionMethod::kClopperPearson, true), kTruth);
    agresti_coull.add(sensitivity(ProportionMethod::kAgrestiCoull, true), kTruth);
    alone.add(sensitivity(ProportionMethod::kWilson, false), kTruth);
  }
  expect_covers(wald, "ratio_wald");
  expect_covers(wilson, "rao_scott_wilson");
  expect_covers(clopper_pearson, "rao_scott_clopper_pearson");
  expect_covers(agresti_coull, "rao_scott_agresti_coull");
  expect_covers_too_little(alone);
}

}  // namespace
}  // namespace apatite::eval
