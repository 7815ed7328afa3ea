// The cases in the order of their scores: what the ROC and precision-recall curves, the areas under
// them and the choice of a threshold are read off.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/data/binary_decision.h"
#include "eval/statistics/metric.h"

namespace apatite::eval {

// Every way to call the k largest of m distinct scores positive, k = 0 .. m.
struct Ranking {
  std::vector<double> scores;  // distinct, from the largest down
  // Weight (number) of the positives and of the negatives among the k largest; k = 0 .. m.
  std::vector<double> true_positives, false_positives;

  [[nodiscard]] std::size_t distinct() const { return scores.size(); }
  [[nodiscard]] double positives() const { return true_positives.back(); }
  [[nodiscard]] double negatives() const { return false_positives.back(); }
  [[nodiscard]] double sensitivity(std::size_t k) const { return true_positives[k] / positives(); }
  [[nodiscard]] double false_positive_rate(std::size_t k) const {
    return false_positives[k] / negatives();
  }
  // The threshold that calls the k largest: the score beyond which, or from which on, a case is
  // called. Where there is no such score, the next number above the largest or below the smallest.
  [[nodiscard]] double threshold(std::size_t k, ThresholdOperator comparison) const;
};

// `weight` may be empty. Sums are in the order of the scores, then of the rows.
Ranking rank_cases(std::span<const double> scores, std::span<const std::uint8_t> positive,
                   std::span<const double> weight);

// Area under the ROC curve (a straight line between its points) from false positive rate 0 to
// `most`, 0 < most <= 1: at most `most`.
double partial_auc(const Ranking& ranking, double most);
// McClish 1989: 1/2 (1 + (area - least) / (most - least)), 1/2 for chance and 1 at best.
double standardised_partial_auc(double area, double most);

// Sum over k of (recall_k - recall_(k-1)) precision_k; equal scores are one step.
double average_precision(const Ranking& ranking);

struct ThresholdRule {
  enum class Kind { kYouden, kCorner, kConstrained, kCost };
  Kind kind = Kind::kYouden;
  double least_sensitivity = 0, least_specificity = 0;  // kConstrained; 0: not asked for
  // kCost: what a missed positive costs in false alarms, and the share of positives.
  double cost = 1, prevalence = 0.5;
  std::string text;  // as it was written
};

// "youden", "corner", "sensitivity=S", "specificity=S", "sensitivity=S,specificity=T" or
// "cost=C@PREVALENCE". Throws Error (kUsage).
ThresholdRule parse_threshold_rule(std::string_view text);

struct ChosenThreshold {
  double threshold = 0;
  double sensitivity = 0, specificity = 0;  // on the cases that it was chosen on
};

// The best threshold of those that call some cases and not all. Youden: the largest sensitivity +
// specificity. Corner: the smallest (1 - sensitivity)^2 + (1 - specificity)^2. Constrained: of
// those that meet it the largest specificity (or, with a least specificity alone, sensitivity; with
// both, Youden). Cost: the smallest C prevalence (1 - sensitivity) + (1 - prevalence) (1 -
// specificity). Of equals, the one with the higher sensitivity. Throws Error (kBadFile) with
// `where` if none meets the rule, all scores are equal or one class is missing.
ChosenThreshold choose_threshold(const Ranking& ranking, const ThresholdRule& rule,
                                 ThresholdOperator comparison, std::string_view where);

}  // namespace apatite::eval
