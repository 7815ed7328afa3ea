// The cases in the order of their scores. The ROC and precision-recall curves, the areas under them
// and the choice of a threshold follow from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/data/binary_decision.h"
#include "eval/statistics/metric.h"

namespace apatite::eval {

// Every way to predict the k largest of m distinct scores positive, k = 0 .. m.
struct Ranking {
  std::vector<double> scores;  // distinct, from the largest down
  // Sums of the weights (without weights: numbers) of the positives and of the negatives among the
  // k largest scores, k = 0 .. m.
  std::vector<double> true_positives, false_positives;

  [[nodiscard]] std::size_t distinct() const { return scores.size(); }
  [[nodiscard]] double positives() const { return true_positives.back(); }
  [[nodiscard]] double negatives() const { return false_positives.back(); }
  [[nodiscard]] double sensitivity(std::size_t k) const { return true_positives[k] / positives(); }
  [[nodiscard]] double false_positive_rate(std::size_t k) const {
    return false_positives[k] / negatives();
  }
  // The threshold at which exactly the k largest scores are predicted positive: one of the scores,
  // or, where no score serves, the next number above the largest or below the smallest score.
  [[nodiscard]] double threshold(std::size_t k, ThresholdOperator comparison) const;
};

// `weight` may be empty. Sums run in the order of the scores, equal scores in the order of the
// rows.
Ranking rank_cases(std::span<const double> scores, std::span<const std::uint8_t> positive,
                   std::span<const double> weight);

// The area under the ROC curve, with straight lines between its points, from false positive rate 0
// to `most`, 0 < most <= 1. The area is at most `most`.
double partial_auc(const Ranking& ranking, double most);
// McClish 1989: 1/2 (1 + (area - least) / (most - least)) with least = most^2 / 2, which is 1/2 for
// chance and 1 at best.
double standardised_partial_auc(double area, double most);

// The sum over k of (recall_k - recall_(k-1)) precision_k; equal scores are one step.
double average_precision(const Ranking& ranking);

struct ThresholdRule {
  enum class Kind { kYouden, kCorner, kConstrained, kCost };
  Kind kind = Kind::kYouden;
  double least_sensitivity = 0, least_specificity = 0;  // of kConstrained; 0: no constraint
  // Of kCost: how many false alarms cost as much as a missed positive, and the share of positives.
  double cost = 1, prevalence = 0.5;
  std::string text;  // as the user wrote it
};

// Reads "youden", "corner", "sensitivity=S", "specificity=S", "sensitivity=S,specificity=T" or
// "cost=C@PREVALENCE". Throws Error (kUsage).
ThresholdRule parse_threshold_rule(std::string_view text);

struct ChosenThreshold {
  double threshold = 0;
  double sensitivity = 0, specificity = 0;  // on the cases on which it was chosen
};

// The best threshold of those that predict some cases positive, but not all:
// - Youden: the largest sensitivity + specificity.
// - Corner: the smallest (1 - sensitivity)^2 + (1 - specificity)^2.
// - Constrained: among those that meet the constraints, the largest specificity; with a least
//   specificity alone the largest sensitivity; with both constraints the largest sum.
// - Cost: the smallest cost prevalence (1 - sensitivity) + (1 - prevalence) (1 - specificity).
// Of equally good ones, the threshold with the higher sensitivity wins. Throws Error (kBadFile)
// that names `where` if no threshold meets the rule, all scores are equal, or a class is missing.
ChosenThreshold choose_threshold(const Ranking& ranking, const ThresholdRule& rule,
                                 ThresholdOperator comparison, std::string_view where);

}  // namespace apatite::eval
