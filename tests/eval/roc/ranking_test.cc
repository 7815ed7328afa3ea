#include "eval/roc/ranking.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "eval/classification/confusion.h"
#include "eval/roc/auc.h"

namespace apatite::eval {
namespace {

struct Drawn {
  std::vector<double> scores;
  std::vector<std::uint8_t> positive;
};

// Few distinct scores, so that ties abound.
Drawn draw(std::uint64_t seed, std::size_t n, std::uint64_t distinct) {
  Drawn drawn;
  for (std::size_t i = 0; i < n; ++i) {
    drawn.positive.push_back(random_bits(seed, 2 * i) % 3 == 0 ? 1 : 0);
    const std::uint64_t k = random_bits(seed, 2 * i + 1) % distinct + drawn.positive.back();
    drawn.scores.push_back(static_cast<double>(k) / 8 - 1);
  }
  drawn.positive[0] = 1;
  drawn.positive[1] = 0;
  return drawn;
}

std::string rule_refusal(std::string_view text) {
  try {
    (void)parse_threshold_rule(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "accepted";
}

std::string choice_refusal(const Ranking& ranking, std::string_view rule) {
  try {
    (void)choose_threshold(ranking, parse_threshold_rule(rule), ThresholdOperator::kGreater, "x");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "chosen";
}

TEST(Ranking, CountsBothClassesAtEveryDistinctScore) {
  const std::vector<double> scores{0.5, 0.1, 0.5, 0.9, 0.1};
  const std::vector<std::uint8_t> positive{1, 0, 0, 1, 1};
  const Ranking ranking = rank_cases(scores, positive, {});
  EXPECT_EQ(ranking.scores, (std::vector<double>{0.9, 0.5, 0.1}));
  EXPECT_EQ(ranking.true_positives, (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(ranking.false_positives, (std::vector<double>{0, 0, 1, 2}));
  const std::vector<double> weight{2, 1, 3, 0.5, 0};
  EXPECT_EQ(rank_cases(scores, positive, weight).true_positives,
            (std::vector<double>{0, 0.5, 2.5, 2.5}));
}

TEST(Ranking, ThresholdsCallWhatTheySay) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Drawn drawn = draw(seed, 40, 12);
    const Ranking ranking = rank_cases(drawn.scores, drawn.positive, {});
    for (const ThresholdOperator comparison :
         {ThresholdOperator::kGreater, ThresholdOperator::kGreaterOrEqual}) {
      for (std::size_t k = 0; k <= ranking.distinct(); ++k) {
        const Confusion counted = confusion_at_threshold(
            drawn.scores, drawn.positive, {}, {}, ranking.threshold(k, comparison), comparison);
        ASSERT_EQ(counted.tp(), ranking.true_positives[k]) << seed << " " << k;
        ASSERT_EQ(counted.fp(), ranking.false_positives[k]) << seed << " " << k;
      }
    }
  }
}

TEST(Ranking, TheWholePartialAreaIsTheAuc) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Drawn drawn = draw(seed, 100, 20);
    const Ranking ranking = rank_cases(drawn.scores, drawn.positive, {});
    const double exact = auc(drawn.positive, drawn.scores).counts.value();
    // Whole numbers below 2^53, one division.
    EXPECT_EQ(partial_auc(ranking, 1), exact);
  }
}

TEST(Ranking, PartialAreasByHand) {
  // ROC: (0, 0) (0, 1/2) (1/2, 1/2) (1/2, 1) (1, 1).
  const std::vector<double> scores{4, 3, 2, 1};
  const std::vector<std::uint8_t> positive{1, 0, 1, 0};
  const Ranking ranking = rank_cases(scores, positive, {});
  EXPECT_EQ(partial_auc(ranking, 0.25), 0.125);
  EXPECT_EQ(partial_auc(ranking, 0.75), 0.5);
  EXPECT_EQ(standardised_partial_auc(0.125, 0.25), (1 + (0.125 - 0.03125) / (0.25 - 0.03125)) / 2);
  EXPECT_EQ(standardised_partial_auc(0.5 * 0.2 * 0.2, 0.2), 0.5);  // chance
  EXPECT_EQ(average_precision(ranking), 0.5 * (1 + 2.0 / 3));
  // One tie of all: a diagonal.
  const Ranking tied = rank_cases(std::vector<double>{1, 1, 1, 1}, positive, {});
  EXPECT_EQ(partial_auc(tied, 0.5), 0.125);
  EXPECT_EQ(average_precision(tied), 0.5);
}

// The best of all thresholds by trying every one, in exact integers where the rule allows.
TEST(Threshold, IsTheBestOfAllThatTellCasesApart) {
  std::size_t chosen = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Drawn drawn = draw(seed, 60, 15);
    const Ranking ranking = rank_cases(drawn.scores, drawn.positive, {});
    const auto p = static_cast<std::int64_t>(ranking.positives());
    const auto n = static_cast<std::int64_t>(ranking.negatives());
    for (const std::string_view text : {"youden", "corner", "sensitivity=0.8", "specificity=0.75",
                                        "sensitivity=0.5,specificity=0.5", "cost=4@0.25"}) {
      const ThresholdRule rule = parse_threshold_rule(text);
      std::int64_t best_value = 0;
      std::size_t best = 0;
      for (std::size_t k = 1; k < ranking.distinct(); ++k) {
        const auto tp = static_cast<std::int64_t>(ranking.true_positives[k]);
        const auto fp = static_cast<std::int64_t>(ranking.false_positives[k]);
        std::int64_t value = 0;
        bool meets = true;
        if (text == "youden") value = tp * n - fp * p;
        if (text == "corner") value = -((p - tp) * n * ((p - tp) * n) + fp * p * (fp * p));
        if (text == "sensitivity=0.8") {
          meets = 5 * tp >= 4 * p;
          value = -fp;
        }
        if (text == "specificity=0.75") {
          meets = 4 * (n - fp) >= 3 * n;
          value = tp;
        }
        if (text == "sensitivity=0.5,specificity=0.5") {
          meets = 2 * tp >= p && 2 * fp <= n;
          value = tp * n - fp * p;
        }
        if (text == "cost=4@0.25") value = -(4 * (p - tp) * n + 3 * fp * p);
        if (!meets || (best != 0 && value < best_value)) continue;
        best = k;
        best_value = value;
      }
      if (best == 0) {
        EXPECT_NE(choice_refusal(ranking, text), "chosen") << seed << text;
        continue;
      }
      const ChosenThreshold choice =
          choose_threshold(ranking, rule, ThresholdOperator::kGreater, "x");
      EXPECT_EQ(choice.threshold, ranking.threshold(best, ThresholdOperator::kGreater))
          << seed << text;
      EXPECT_EQ(choice.sensitivity, ranking.sensitivity(best));
      ++chosen;
    }
  }
  EXPECT_GT(chosen, 1000U);
}

TEST(Threshold, SaysWhyNoneCanBeChosen) {
  const std::vector<std::uint8_t> positive{1, 0, 1, 0};
  const Ranking reversed = rank_cases(std::vector<double>{1, 2, 3, 4}, positive, {});
  EXPECT_EQ(choice_refusal(reversed, "specificity=0.9"),
            "x: no threshold can be chosen here: none that predicts some cases positive, but not "
            "all, meets specificity=0.9; choose it on other cases or by another rule");
  EXPECT_EQ(choice_refusal(rank_cases(std::vector<double>{1, 1, 1, 1}, positive, {}), "youden"),
            "x: no threshold can be chosen here: all scores are equal; choose it on other cases "
            "or by another rule");
  const std::vector<std::uint8_t> none(4, 0);
  EXPECT_EQ(choice_refusal(rank_cases(std::vector<double>{1, 2, 3, 4}, none, {}), "youden"),
            "x: no threshold can be chosen here: no positives; choose it on other cases or by "
            "another rule");
}

TEST(Threshold, ReadsRulesOrSaysWhichThereAre) {
  EXPECT_EQ(parse_threshold_rule("sensitivity=0.95").least_sensitivity, 0.95);
  EXPECT_EQ(parse_threshold_rule("specificity=1,sensitivity=0.5").least_specificity, 1);
  EXPECT_EQ(parse_threshold_rule("cost=10@0.05").cost, 10);
  EXPECT_EQ(parse_threshold_rule("cost=10@0.05").prevalence, 0.05);
  for (const std::string_view text :
       {"", "Youden", "sensitivity", "sensitivity=", "sensitivity=0", "sensitivity=1.1",
        "sensitivity=nan", "sensitivity=0.5,", "sensitivity=0.5,sensitivity=0.6", "accuracy=0.5",
        "cost=1", "cost=0@0.5", "cost=1@0", "cost=1@1", "cost=inf@0.5", "cost=-1@0.5"}) {
    EXPECT_EQ(rule_refusal(text),
              "threshold rule: '" + std::string(text) +
                  "' is not a rule; the rules are: youden, corner, sensitivity=S, specificity=S (0 "
                  "< S <= 1; "
                  "or both, with a comma), cost=C@PREVALENCE (C > 0: what a missed positive costs "
                  "in false alarms; 0 < PREVALENCE < 1)");
  }
}

}  // namespace
}  // namespace apatite::eval
