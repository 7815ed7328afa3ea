// Comparisons against pROC, scikit-learn, statsmodels and geepack (tests/goldens/eval), and
// against their definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "eval/classification/multiplicity.h"
#include "eval/classification/paired_tests.h"
#include "eval/roc/auc_difference.h"
#include "eval/roc/permutation.h"
#include "eval/statistics/gee.h"
#include "tests/eval/random_scores.h"
#include "tests/support/source_dir.h"

namespace apatite::eval {
namespace {

constexpr double kDirect = 1e-12;    // agreement of formulas
constexpr double kIterative = 1e-8;  // of iterative fits
constexpr double kPrinted = 2e-12;   // R prints 15 digits

void expect_relative(double value, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(value, expected, tolerance * std::abs(expected)) << what;
}

Json golden_file(const char* name) {
  const auto path = source_dir() / "tests/goldens/eval" / name;
  return parse_json(read_file(path, 1 << 22), path.string());
}
const Json& python() {
  static const Json json = golden_file("comparisons.json");
  return json;
}
const Json& r() {
  static const Json json = golden_file("comparisons_r.json");
  return json;
}

struct Study {
  std::vector<std::uint8_t> labels;
  std::vector<std::int32_t> patients;
  std::vector<std::vector<double>> models;
  std::vector<std::vector<std::uint8_t>> decisions, right;

  explicit Study(const Json& golden) {
    labels = golden.at("labels").get<std::vector<std::uint8_t>>();
    patients = golden.at("patients").get<std::vector<std::int32_t>>();
    models = golden.at("models").get<std::vector<std::vector<double>>>();
    const auto thresholds = golden.at("thresholds").get<std::vector<double>>();
    for (std::size_t j = 0; j < models.size(); ++j) {
      decisions.emplace_back();
      right.emplace_back();
      for (std::size_t i = 0; i < labels.size(); ++i) {
        decisions[j].push_back(models[j][i] > thresholds[j] ? 1 : 0);
        right[j].push_back(decisions[j][i] == labels[i] ? 1 : 0);
      }
    }
  }
};

TEST(Goldens, AucsOfScikitLearnAndProc) {
  ASSERT_EQ(python().at("studies").size(), 3U);
  ASSERT_EQ(r().size(), 3U);
  for (std::size_t s = 0; s < 3; ++s) {
    const Json& golden = python().at("studies").at(s);
    const Json& proc = r().at(s);
    const Study study(golden);
    const auto weights = golden.at("weights").get<std::vector<double>>();
    for (std::size_t j = 0; j < 3; ++j) {
      const Auc result = auc(study.labels, study.models[j]);
      expect_relative(result.counts.value(), golden.at("auc").at(j), kDirect, "scikit-learn");
      expect_relative(result.counts.value(), proc.at("auc").at(j), kPrinted, "pROC");
      expect_relative(result.variance.value(), proc.at("variance").at(j), kPrinted, "pROC");
      expect_relative(weighted_auc(study.labels, study.models[j], weights).value(),
                      golden.at("weighted_auc").at(j), kDirect, "weighted");
      const ConfidenceInterval interval = auc_interval(result.counts, *result.variance, 0.95);
      expect_relative(interval.low, proc.at("interval").at(j).at(0), kPrinted, "lower");
      expect_relative(interval.high, proc.at("interval").at(j).at(1), kPrinted, "upper");
    }
  }
}

TEST(Goldens, PairedAndUnpairedTestsOfProc) {
  const std::vector<std::pair<std::size_t, std::size_t>> pairs{{0, 1}, {0, 2}, {1, 2}};
  for (std::size_t s = 0; s < 3; ++s) {
    const Study study(python().at("studies").at(s));
    const LabelledCases cases{.labels = study.labels};
    std::vector<Placements> all;
    for (const auto& scores : study.models) all.push_back(placements(study.labels, scores));
    for (std::size_t p = 0; p < 3; ++p) {
      const Json& golden = r().at(s).at("paired").at(p);
      const Placements& a = all[pairs[p].first];
      const Placements& b = all[pairs[p].second];
      const AucDifference result = paired_auc_difference(cases, a, b, 0.95).value();
      // pROC takes the difference of nearly equal numbers: its own rounding grows.
      const double tolerance = 10 * kPrinted;
      expect_relative(result.statistic, golden.at("statistic"), tolerance, "z");
      expect_relative(result.p_value, golden.at("p"), tolerance, "p");
      expect_relative(*auc_covariance(cases, a, b), golden.at("covariance"), kPrinted, "cov");
    }
    const std::size_t half = study.labels.size() / 2;
    const std::span<const std::uint8_t> labels(study.labels);
    const auto side = [](const Auc& result) {
      return UnpairedAuc{.counts = result.counts,
                         .variance = result.variance,
                         .units = result.counts.positives + result.counts.negatives};
    };
    const AucDifference result =
        unpaired_auc_difference(
            side(auc(labels.first(half), std::span(study.models[0]).first(half))),
            side(auc(labels.subspan(half), std::span(study.models[1]).subspan(half))), 0.95)
            .value();
    const Json& golden = r().at(s).at("unpaired");
    expect_relative(result.statistic, golden.at("statistic"), 10 * kPrinted, "t");
    expect_relative(*result.degrees_of_freedom, golden.at("df"), kPrinted, "df");
    expect_relative(result.p_value, golden.at("p"), 10 * kPrinted, "p of t");
  }
}

TEST(Goldens, McNemarAndCochranOfStatsmodels) {
  for (const Json& golden : python().at("studies")) {
    const Study study(golden);
    const Json& expected = golden.at("mcnemar");
    const McNemar result = mcnemar(study.right[0], study.right[1]).value();
    EXPECT_EQ(result.only_a, expected.at("only_a").get<std::uint64_t>());
    EXPECT_EQ(result.only_b, expected.at("only_b").get<std::uint64_t>());
    expect_relative(result.p_exact, expected.at("exact"), kDirect, "exact");
    expect_relative(result.p_mid, expected.at("mid"), kDirect, "mid-p");
    expect_relative(result.statistic, expected.at("statistic"), kDirect, "chi-square");
    expect_relative(result.p_asymptotic, expected.at("p"), kDirect, "p");
    const CochranQ q = cochran_q(study.right).value();
    expect_relative(q.statistic, golden.at("cochran").at("statistic"), kDirect, "Q");
    expect_relative(q.p_value, golden.at("cochran").at("p"), kDirect, "p of Q");
    EXPECT_EQ(q.degrees_of_freedom, 2);
  }
}

TEST(Goldens, AdjustmentsOfStatsmodels) {
  const auto p = python().at("p_values").get<std::vector<double>>();
  const auto expected_holm = python().at("holm").get<std::vector<double>>();
  const auto expected_bh = python().at("benjamini_hochberg").get<std::vector<double>>();
  const std::vector<double> by_holm = holm(p);
  const std::vector<double> by_bh = benjamini_hochberg(p);
  ASSERT_EQ(p.size(), 8U);
  for (std::size_t i = 0; i < p.size(); ++i) {
    expect_relative(by_holm[i], expected_holm[i], kDirect, "Holm");
    expect_relative(by_bh[i], expected_bh[i], kDirect, "Benjamini-Hochberg");
  }
  EXPECT_TRUE(holm({}).empty());
}

void expect_fit(const GeeFit& fit, const Json& golden, double tolerance, const std::string& what) {
  const auto logits = golden.at("logits").get<std::vector<double>>();
  const auto covariance = golden.at("covariance").get<std::vector<std::vector<double>>>();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(fit.logits.at(i), logits.at(i), tolerance) << what;
    for (std::size_t j = 0; j < 3; ++j) {
      const double size = std::sqrt(covariance[i][i] * covariance[j][j]);
      EXPECT_NEAR(fit.covariance.at(3 * i + j), covariance[i][j], tolerance * size) << what;
    }
  }
}

TEST(Goldens, GeeOfStatsmodelsAndGeepack) {
  int compared = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    const Json& golden = python().at("studies").at(s);
    const Study study(golden);
    for (const Measure measure : {Measure::kSensitivity, Measure::kSpecificity, Measure::kAccuracy,
                                  Measure::kPpv, Measure::kNpv}) {
      for (const bool clustered : {false, true}) {
        const ClusteredTrials trials =
            clustered_trials(measure, study.labels, study.decisions,
                             clustered ? std::span<const std::int32_t>(study.patients)
                                       : std::span<const std::int32_t>());
        for (const auto correlation :
             {WorkingCorrelation::kIndependence, WorkingCorrelation::kExchangeable}) {
          const std::string what = std::string(clustered ? "patients " : "images ") +
                                   std::string(name_of(measure)) + " " +
                                   std::string(name_of(correlation));
          const GeeResult result = gee(trials, correlation);
          if (!clustered && correlation == WorkingCorrelation::kExchangeable &&
              (measure == Measure::kPpv || measure == Measure::kNpv)) {
            // All decisions on one image that count are right, or all are wrong: correlation 1.
            EXPECT_NE(result.undefined.find("right or wrong together"), std::string::npos) << what;
            continue;
          }
          ASSERT_TRUE(result.fit) << what << ": " << result.undefined;
          const Json& expected = golden.at("gee").at(what);
          expect_fit(*result.fit, expected, kIterative, what);
          EXPECT_NEAR(result.fit->correlation, expected.at("correlation").get<double>(), kIterative)
              << what;
          const GeeOverall overall = gee_overall(*result.fit).value();
          expect_relative(overall.statistic, expected.at("wald"), 1e-7, what);
          EXPECT_NEAR(overall.p_value, expected.at("wald_p").get<double>(), kIterative) << what;
          ++compared;
        }
      }
    }
    const ClusteredTrials accuracy =
        clustered_trials(Measure::kAccuracy, study.labels, study.decisions, study.patients);
    expect_fit(*gee(accuracy, WorkingCorrelation::kIndependence).fit,
               r().at(s).at("accuracy_independence"), kIterative, "geepack");
  }
  EXPECT_EQ(compared, 54);
}

TEST(Gee, ContrastsAndReasons) {
  const Study study(python().at("studies").at(0));
  const ClusteredTrials trials =
      clustered_trials(Measure::kAccuracy, study.labels, study.decisions, study.patients);
  const GeeFit fit = *gee(trials, WorkingCorrelation::kIndependence).fit;
  const GeeContrast ab = gee_contrast(fit, 0, 1).value();
  const GeeContrast ba = gee_contrast(fit, 1, 0).value();
  EXPECT_EQ(ab.statistic, -ba.statistic);
  EXPECT_EQ(ab.p_value, ba.p_value);
  EXPECT_NEAR(ab.difference, fit.proportions[0] - fit.proportions[1], 1e-15);
  EXPECT_GT(ab.difference_error, 0.0);

  // The same decisions twice: no contrast.
  const std::vector<std::vector<std::uint8_t>> twice{study.decisions[0], study.decisions[0]};
  const GeeFit same = *gee(clustered_trials(Measure::kAccuracy, study.labels, twice, {}),
                           WorkingCorrelation::kIndependence)
                           .fit;
  EXPECT_FALSE(gee_contrast(same, 0, 1).has_value());
  EXPECT_FALSE(gee_overall(same).has_value());

  const std::vector<std::uint8_t> labels{1, 1, 0, 0};
  const std::vector<std::vector<std::uint8_t>> perfect{{1, 1, 0, 0}, {1, 0, 0, 0}};
  const GeeResult result = gee(clustered_trials(Measure::kSensitivity, labels, perfect, {}),
                               WorkingCorrelation::kIndependence);
  EXPECT_FALSE(result.fit.has_value());
  EXPECT_NE(result.undefined.find("model 1 has a proportion of 1"), std::string::npos)
      << result.undefined;
  const std::vector<std::vector<std::uint8_t>> none{{0, 0, 0, 0}};
  EXPECT_NE(
      gee(clustered_trials(Measure::kPpv, labels, none, {}), WorkingCorrelation::kIndependence)
          .undefined.find("no such calls"),
      std::string::npos);
  EXPECT_THROW(clustered_trials(Measure::kPpv, labels, {}, {}), Error);
}

TEST(BinaryDecisions, McNemarByDefinition) {
  for (std::uint64_t b = 0; b < 30; ++b) {
    for (std::uint64_t c = 0; c < 30; ++c) {
      if (b + c == 0) continue;
      const McNemar result = mcnemar(b, c).value();
      double tail = 0;  // sums of binomial coefficients are exact here
      double coefficient = 1;
      const std::uint64_t n = b + c;
      for (std::uint64_t k = 0; k <= std::min(b, c); ++k) {
        if (k > 0) {
          coefficient = coefficient * static_cast<double>(n - k + 1) / static_cast<double>(k);
        }
        tail += coefficient;
      }
      const double scale = std::ldexp(1.0, -static_cast<int>(n));
      EXPECT_NEAR(result.p_exact, std::min(1.0, 2 * tail * scale), 1e-13 * result.p_exact);
      const double mid = b == c ? 1 : (2 * tail - coefficient) * scale;
      EXPECT_NEAR(result.p_mid, mid, 1e-13 * mid);
    }
  }
  EXPECT_FALSE(mcnemar(0, 0).has_value());
  const std::vector<std::uint8_t> a{1, 0};
  const std::vector<std::uint8_t> longer{1, 0, 1};
  EXPECT_THROW(mcnemar(a, longer), Error);
}

TEST(BinaryDecisions, CochranIsMcNemarForTwoModels) {
  const Study study(python().at("studies").at(1));
  const std::vector<std::vector<std::uint8_t>> two{study.right[0], study.right[2]};
  EXPECT_NEAR(cochran_q(two)->statistic, mcnemar(two[0], two[1])->statistic, 1e-13);
  const std::vector<std::vector<std::uint8_t>> same{study.right[0], study.right[0]};
  EXPECT_FALSE(cochran_q(same).has_value());
  EXPECT_THROW(cochran_q(std::span(two).first(1)), Error);
}

// All exchanges, one after the other, with the ranks written out.
TEST(Permutation, EqualsExchangingTheRanks) {
  const RandomScores first = random_scores(31, 10, 6);
  const RandomScores second = random_scores(32, 10, 6);
  const auto twice_rank = [](const std::vector<double>& scores, std::size_t i) {
    double rank = 1;
    for (const double x : scores) rank += x < scores[i] ? 2 : x == scores[i] ? 1 : 0;
    return rank;
  };
  const std::vector<std::int32_t> clusters{0, 1, 2, 0, 1, 5, 5, 7, 8, 2};
  for (const bool clustered : {false, true}) {
    const std::vector<std::size_t> names =
        clustered ? std::vector<std::size_t>{0, 1, 2, 0, 1, 3, 3, 4, 5, 2}
                  : std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const unsigned count = clustered ? 6 : 10;
    int as_far = 0;
    double observed = 0;
    for (unsigned exchange = 0; exchange < 1U << count; ++exchange) {
      std::vector<double> a;
      std::vector<double> b;
      for (std::size_t i = 0; i < 10; ++i) {
        a.push_back(twice_rank(first.scores, i));
        b.push_back(twice_rank(second.scores, i));
        if (((exchange >> names[i]) & 1U) != 0) std::swap(a[i], b[i]);
      }
      const auto difference = static_cast<double>(auc(first.labels, a).counts.twice_wins) -
                              static_cast<double>(auc(first.labels, b).counts.twice_wins);
      if (exchange == 0) observed = difference;
      if (std::abs(difference) >= std::abs(observed)) ++as_far;
    }
    const LabelledCases cases{.labels = first.labels,
                              .clusters = clustered ? std::span<const std::int32_t>(clusters)
                                                    : std::span<const std::int32_t>()};
    const PermutationTest result =
        auc_permutation_test(cases, first.scores, second.scores, {.draws = 1024});
    EXPECT_TRUE(result.exact);
    EXPECT_EQ(result.exchanges, 1 << count);
    EXPECT_EQ(result.p_value, as_far / static_cast<double>(1U << count));
    EXPECT_NEAR(result.difference,
                auc(first.labels, first.scores).counts.value() -
                    auc(first.labels, second.scores).counts.value(),
                1e-15);
  }
}

TEST(Permutation, GivesTheSameBitsForAnyNumberOfThreadsAndSeesADifference) {
  const RandomScores good = random_scores(33, 300, 1000, 0.4, 0.4);
  std::vector<double> poor = random_scores(34, 300, 1000).scores;
  const LabelledCases cases{.labels = good.labels};
  PermutationOptions options{.draws = 999, .threads = 1};
  const PermutationTest one = auc_permutation_test(cases, good.scores, poor, options);
  EXPECT_FALSE(one.exact);
  EXPECT_EQ(one.p_value, 1.0 / 1000);
  EXPECT_EQ(auc_permutation_test(cases, good.scores, good.scores, options).p_value, 1.0);
  for (std::size_t i = 0; i < 300; ++i) {
    if (i % 20 != 0) poor[i] = good.scores[i];
  }
  const PermutationTest close = auc_permutation_test(cases, good.scores, poor, options);
  EXPECT_GT(close.p_value, 1.0 / 1000);
  options.threads = 5;
  EXPECT_EQ(auc_permutation_test(cases, good.scores, poor, options).p_value, close.p_value);
  const std::vector<std::uint8_t> ones(300, 1);
  EXPECT_THROW(auc_permutation_test({.labels = ones}, good.scores, poor, options), Error);
}

}  // namespace
}  // namespace apatite::eval
