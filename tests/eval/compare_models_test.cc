// The comparison of models as the program prints it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "eval/comparison.h"
#include "eval/report/comparison_output.h"
#include "eval/roc/bootstrap.h"
#include "tests/eval/random_scores.h"

namespace apatite::eval {
namespace {

// `rows` cases of about rows / 2 patients, three models of different strength; with a split.
std::string study_csv(std::uint64_t seed, std::size_t rows, bool patients) {
  const RandomScores strong = random_scores(seed, rows, 50, 0.4, 0.4);
  const RandomScores weak = random_scores(seed + 1, rows, 50, 0.4, 0.1);
  std::string text = "image,label,patient,strong,weak,mixed\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t patient = patients ? random_bits(seed, 9 * i) % (rows / 2) : i;
    const double mixed = i % 2 == 0 ? strong.scores[i] : weak.scores[i];
    text += std::to_string(seed) + "-" + std::to_string(i) + ".png," +
            (strong.labels[i] == 1 ? "malignant" : "benign") + "," + std::to_string(patient) + "," +
            to_text(strong.scores[i]) + "," + to_text(weak.scores[i]) + "," + to_text(mixed) + "\n";
  }
  return text;
}

ScoreColumns columns(std::vector<std::string> scores) {
  ScoreColumns result;
  result.positive = "malignant";
  result.scores = std::move(scores);
  return result;
}

ComparisonOptions few_draws() {
  ComparisonOptions options;
  options.evaluation.thresholds = {0.5};
  options.bootstrap_draws = 100;
  options.permutation_draws = 100;
  return options;
}

const ComparisonTest* find(const ModelComparison& comparison, std::string_view metric,
                           std::string_view test, std::optional<std::size_t> a) {
  for (const ComparisonTest& one : comparison.tests) {
    if (one.metric == metric && one.test == test && one.a == a) return &one;
  }
  return nullptr;
}

TEST(CompareModels, IndependentCasesHaveAllTests) {
  const std::string text = study_csv(1, 200, false);
  const ModelComparison result = compare_models(
      parse_scores(text, "study.csv", columns({"strong", "weak", "mixed"})), nullptr, few_draws());
  EXPECT_FALSE(result.evaluation.clustered);
  // Three pairs each: delong, bootstrap, permutation; McNemar twice and GEE for three measures and
  // GEE for two more, with an overall test of each but McNemar's.
  EXPECT_EQ(result.tests.size(), 3U * 3 + 3U * (3 * 3 + 2) + 2U * (3 + 1));
  for (const ComparisonTest& test : result.tests) {
    EXPECT_TRUE(test.undefined.empty()) << test.metric << " " << test.test << test.undefined;
    EXPECT_GT(test.p_value, 0.0);
    EXPECT_LE(test.p_value, 1.0);
    EXPECT_EQ(test.p_holm.has_value(), test.a.has_value());
    if (test.p_holm) {
      EXPECT_GE(*test.p_holm, *test.p_benjamini_hochberg);
      EXPECT_GE(*test.p_benjamini_hochberg, test.p_value);
    }
  }
  const ComparisonTest* delong = find(result, "auc", "delong", 0);
  ASSERT_NE(delong, nullptr);
  EXPECT_LT(delong->p_value, 0.001);
  EXPECT_NEAR(*delong->difference, *delong->value_a - *delong->value_b, 1e-15);
  const ComparisonTest* gee = find(result, "sensitivity", "gee-independence", 0);
  const ComparisonTest* mcnemar = find(result, "sensitivity", "mcnemar-exact", 0);
  ASSERT_NE(gee, nullptr);
  ASSERT_NE(mcnemar, nullptr);
  EXPECT_NEAR(*gee->difference, *mcnemar->difference, 1e-14);
}

TEST(CompareModels, ClusteredCasesLeaveOutWhatTakesThemAsIndependent) {
  const std::string text = study_csv(2, 200, true);
  ComparisonOptions options = few_draws();
  const ModelComparison result = compare_models(
      parse_scores(text, "study.csv", columns({"strong", "weak"})), nullptr, options);
  EXPECT_TRUE(result.evaluation.clustered);
  EXPECT_EQ(result.tests.size(), 3U + 5U);
  EXPECT_NE(find(result, "auc", "obuchowski", 0), nullptr);
  EXPECT_EQ(find(result, "auc", "delong", 0), nullptr);
  EXPECT_EQ(find(result, "accuracy", "mcnemar-exact", 0), nullptr);
  EXPECT_NE(description(result.evaluation).find("McNemar's and Cochran's tests"),
            std::string::npos);
  options.evaluation.clustered = false;
  const ModelComparison plain = compare_models(
      parse_scores(text, "study.csv", columns({"strong", "weak"})), nullptr, options);
  EXPECT_NE(find(plain, "accuracy", "mcnemar-exact", 0), nullptr);
}

TEST(CompareModels, WithoutAThresholdComparesAucsOnly) {
  const std::string text = study_csv(3, 60, false);
  ComparisonOptions options = few_draws();
  options.evaluation.thresholds.clear();
  options.bootstrap_draws = 0;
  options.permutation_draws = 0;
  const ModelComparison result = compare_models(
      parse_scores(text, "study.csv", columns({"strong", "weak"})), nullptr, options);
  EXPECT_EQ(result.tests.size(), 1U);
}

TEST(CompareModels, TheSameModelTwiceSaysWhyThereIsNoTest) {
  const std::string text = study_csv(4, 60, false);
  ScoreTable table = parse_scores(text, "study.csv", columns({"strong", "weak"}));
  table.models[1].scores = table.models[0].scores;
  const ModelComparison result = compare_models(std::move(table), nullptr, few_draws());
  for (const char* name : {"delong", "bootstrap"}) {
    const ComparisonTest* test = find(result, "auc", name, 0);
    ASSERT_NE(test, nullptr);
    EXPECT_FALSE(test->undefined.empty()) << name;
    EXPECT_FALSE(test->difference.has_value());
  }
  EXPECT_FALSE(find(result, "accuracy", "mcnemar-exact", 0)->undefined.empty());
  EXPECT_FALSE(find(result, "accuracy", "gee-independence", 0)->undefined.empty());
  const std::string table_text = comparison_table(result, TableFormat::kText);
  EXPECT_NE(table_text.find("undefined: "), std::string::npos);
  EXPECT_EQ(table_text.find("nan"), std::string::npos);
}

TEST(CompareModels, Unpaired) {
  const std::string first = study_csv(5, 120, true);
  const std::string second = study_csv(6, 90, false);
  const auto compare = [&](const std::string& a, const std::string& b) {
    return compare_unpaired(parse_scores(a, "a.csv", columns({"strong"})),
                            parse_scores(b, "b.csv", columns({"weak"})), few_draws());
  };
  const ModelComparison result = compare(first, second);
  EXPECT_EQ(result.tests.size(), 7U);
  const ComparisonTest* bootstrap = find(result, "auc", "bootstrap-unpaired", 0);
  ASSERT_NE(bootstrap, nullptr);
  const ComparisonTest* auc = find(result, "auc", "obuchowski-unpaired", 0);
  ASSERT_NE(auc, nullptr);
  EXPECT_TRUE(auc->degrees_of_freedom.has_value());
  EXPECT_EQ(*bootstrap->difference, *auc->value_a - *auc->value_b);
  const ModelComparison swapped =
      compare_unpaired(parse_scores(second, "b.csv", columns({"weak"})),
                       parse_scores(first, "a.csv", columns({"strong"})), few_draws());
  for (std::size_t i = 0; i < 7; ++i) {
    if (i == 1) continue;  // the bootstrap draws anew
    EXPECT_EQ(*result.tests[i].difference, -*swapped.tests[i].difference);
    EXPECT_NEAR(result.tests[i].p_value, swapped.tests[i].p_value, 1e-12);
  }
  try {
    compare(first, first);
    ADD_FAILURE() << "the same images were accepted as unpaired";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("120 of its images are in a.csv too: \"5-0.png\""),
              std::string::npos)
        << error.what();
  }
}

// The AUC of each of `draws` draws, by its definition: clusters are numbered in the order of their
// first cases, and unit i of draw d is cluster floor(b k / 2^64) of k, b = random_bits(
// random_stream(seed, d), i). Twice the pairs won and twice the pairs are integers far below 2^53,
// so that their quotient is the AUC, rounded once.
std::vector<double> drawn_aucs(const ScoreTable& table, bool clustered, int draws,
                               std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> clusters;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::size_t cluster = clustered ? static_cast<std::size_t>(table.patient[row]) : row;
    if (cluster == clusters.size()) clusters.emplace_back();
    clusters.at(cluster).push_back(row);
  }
  const std::vector<double>& scores = table.models.front().scores;
  std::vector<double> aucs;
  for (int d = 0; d < draws; ++d) {
    std::vector<double> positives;
    std::vector<double> negatives;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      const Uint128 bits = random_bits(random_stream(seed, static_cast<std::uint64_t>(d)), i);
      for (const std::size_t row :
           clusters[static_cast<std::size_t>(bits * clusters.size() >> 64U)]) {
        (table.positive[row] == 1 ? positives : negatives).push_back(scores[row]);
      }
    }
    std::uint64_t twice_wins = 0;
    for (const double x : positives) {
      for (const double y : negatives) twice_wins += x > y ? 2 : (x == y ? 1 : 0);
    }
    aucs.push_back(static_cast<double>(twice_wins) /
                   static_cast<double>(2 * positives.size() * negatives.size()));
  }
  return aucs;
}

// Everything that a bootstrap of two studies reports, from draws made by hand.
TEST(CompareModels, UnpairedBootstrapDrawsEachStudyByItself) {
  const std::string first = study_csv(5, 120, true);
  const ScoreTable a = parse_scores(first, "a.csv", columns({"strong"}));
  const std::string second = study_csv(6, 90, false);
  const ScoreTable b = parse_scores(second, "b.csv", columns({"weak"}));
  const ComparisonOptions options = few_draws();
  const ModelComparison result = compare_unpaired(a, b, options);
  const ComparisonTest* test = find(result, "auc", "bootstrap-unpaired", 0);
  ASSERT_NE(test, nullptr);
  std::vector<double> differences = drawn_aucs(a, true, options.bootstrap_draws, options.seed);
  const std::vector<double> drawn_b =
      drawn_aucs(b, false, options.bootstrap_draws, random_bits(options.seed, 1));
  ASSERT_EQ(differences.size(), 100U);
  for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= drawn_b[i];
  EXPECT_EQ(*test->statistic, *test->difference / standard_deviation(differences));
  std::sort(differences.begin(), differences.end());
  EXPECT_EQ(test->interval->low, quantile(differences, 0.5 * (1 - 0.95)));
  EXPECT_EQ(test->interval->high, quantile(differences, 1 - 0.5 * (1 - 0.95)));
}

TEST(CompareModels, RefusesOneModelAndWeights) {
  const std::string text = study_csv(7, 60, false);
  EXPECT_THROW(
      compare_models(parse_scores(text, "study.csv", columns({"strong"})), nullptr, few_draws()),
      Error);
  ScoreTable weighted = parse_scores(text, "study.csv", columns({"strong", "weak"}));
  weighted.weight.assign(60, 1.0);
  EXPECT_THROW(compare_models(std::move(weighted), nullptr, few_draws()), Error);
}

TEST(CompareModels, OutputsAreTheSameEachTimeAndHaveEveryDigit) {
  const std::string text = study_csv(8, 80, true);
  const auto compare = [&] {
    return compare_models(parse_scores(text, "study.csv", columns({"strong", "weak"})), nullptr,
                          few_draws());
  };
  const ModelComparison first = compare();
  const ModelComparison second = compare();
  EXPECT_EQ(to_text(comparison_json(first)), to_text(comparison_json(second)));
  for (const TableFormat format :
       {TableFormat::kText, TableFormat::kMarkdown, TableFormat::kCsv, TableFormat::kLatex}) {
    EXPECT_EQ(comparison_table(first, format), comparison_table(second, format));
    EXPECT_GT(comparison_table(first, format).size(), 300U);
  }
  const Json json = comparison_json(first);
  EXPECT_EQ(json.at("tests").size(), first.tests.size());
  EXPECT_EQ(json.at("tests").at(0).at("p").get<double>(), first.tests[0].p_value);
  EXPECT_NE(comparison_table(first, TableFormat::kCsv).find(to_text(first.tests[0].p_value)),
            std::string::npos);
}

}  // namespace
}  // namespace apatite::eval
