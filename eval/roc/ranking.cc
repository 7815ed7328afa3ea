#include "eval/roc/ranking.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

std::vector<KeyedRow> sorted_rows(std::span<const double> scores) {
  std::vector<KeyedRow> rows(scores.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // The complement of the key sorts from the largest score down, equal scores in the order of
    // rows.
    rows[i] = {.key = ~ordered_key(scores[i]), .row = static_cast<std::uint32_t>(i)};
  }
  sort_keys(rows);
  return rows;
}

// The number that `text` is, if it is one in [low, high].
std::optional<double> number_in(std::string_view text, double low, double high) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= low && value <= high)) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_rule(std::string_view text) {
  throw Error(
      ErrorKind::kUsage, "threshold rule", "'" + std::string(text) + "' is not a rule",
      "the rules are: youden, corner, sensitivity=S, specificity=S (0 < S <= 1; or both, with a "
      "comma), cost=C@PREVALENCE (C > 0: what a missed positive costs in false alarms; 0 < "
      "PREVALENCE < 1)");
}

// The quantity to maximise when the k largest scores are predicted positive. Rates have the common
// denominator positives * negatives: for counts below 9.4e7 their sums are exact, so that equal
// choices compare equal.
double merit(const ThresholdRule& rule, const Ranking& ranking, std::size_t k) {
  const double positives = ranking.positives();
  const double negatives = ranking.negatives();
  const double sensitivity = ranking.true_positives[k] * negatives;
  const double specificity = (negatives - ranking.false_positives[k]) * positives;
  const double missed = (positives - ranking.true_positives[k]) * negatives;
  const double false_alarms = ranking.false_positives[k] * positives;
  switch (rule.kind) {
    case ThresholdRule::Kind::kYouden:
      return sensitivity + specificity;
    case ThresholdRule::Kind::kCorner:
      return -(missed * missed + false_alarms * false_alarms);
    case ThresholdRule::Kind::kConstrained:
      if (rule.least_specificity == 0) return specificity;
      return rule.least_sensitivity == 0 ? sensitivity : sensitivity + specificity;
    case ThresholdRule::Kind::kCost:
      return -(rule.cost * rule.prevalence * missed + (1 - rule.prevalence) * false_alarms);
  }
  return 0;
}

}  // namespace

double Ranking::threshold(std::size_t k, ThresholdOperator comparison) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (comparison == ThresholdOperator::kGreater) {
    return k == distinct() ? std::nextafter(scores.back(), -kInfinity) : scores[k];
  }
  return k == 0 ? std::nextafter(scores.front(), kInfinity) : scores[k - 1];
}

Ranking rank_cases(std::span<const double> scores, std::span<const std::uint8_t> positive,
                   std::span<const double> weight) {
  const std::vector<KeyedRow> rows = sorted_rows(scores);
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || rows[i].key != rows[i - 1].key) ++distinct;
  }
  Ranking ranking;
  ranking.scores.reserve(distinct);
  ranking.true_positives.reserve(distinct + 1);
  ranking.false_positives.reserve(distinct + 1);
  double tp = 0;
  double fp = 0;
  const auto close = [&] {
    ranking.true_positives.push_back(tp);
    ranking.false_positives.push_back(fp);
  };
  close();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t row = rows[i].row;
    if (i == 0 || rows[i].key != rows[i - 1].key) {
      if (i > 0) close();
      ranking.scores.push_back(scores[row]);
    }
    (positive[row] != 0 ? tp : fp) += weight.empty() ? 1 : weight[row];
  }
  if (!rows.empty()) close();
  return ranking;
}

double partial_auc(const Ranking& ranking, double most) {
  const double end = most * ranking.negatives();
  double twice = 0;  // in units of one positive times one negative
  for (std::size_t k = 1; k <= ranking.distinct(); ++k) {
    const double x0 = ranking.false_positives[k - 1];
    const double x1 = ranking.false_positives[k];
    const double y0 = ranking.true_positives[k - 1];
    const double y1 = ranking.true_positives[k];
    if (x1 <= end) {
      twice += (x1 - x0) * (y0 + y1);
      continue;
    }
    const double y = y0 + (y1 - y0) * ((end - x0) / (x1 - x0));
    twice += (end - x0) * (y0 + y);
    break;
  }
  return twice / (2 * ranking.positives() * ranking.negatives());
}

double standardised_partial_auc(double area, double most) {
  const double least = most * most / 2;
  return (1 + (area - least) / (most - least)) / 2;
}

double average_precision(const Ranking& ranking) {
  double sum = 0;
  for (std::size_t k = 1; k <= ranking.distinct(); ++k) {
    const double tp = ranking.true_positives[k];
    const double predicted = tp + ranking.false_positives[k];
    const double gained = tp - ranking.true_positives[k - 1];
    if (gained > 0) sum += gained * (tp / predicted);
  }
  return sum / ranking.positives();
}

ThresholdRule parse_threshold_rule(std::string_view text) {
  ThresholdRule rule;
  rule.text = std::string(text);
  if (text == "youden") return rule;
  if (text == "corner") {
    rule.kind = ThresholdRule::Kind::kCorner;
    return rule;
  }
  if (text.starts_with("cost=")) {
    rule.kind = ThresholdRule::Kind::kCost;
    const std::string_view rest = text.substr(5);
    const std::size_t at = rest.find('@');
    if (at == rest.npos) refuse_rule(text);
    const auto cost = number_in(rest.substr(0, at), 0, std::numeric_limits<double>::max());
    const auto prevalence = number_in(rest.substr(at + 1), 0, 1);
    if (!cost || !prevalence || *cost == 0 || *prevalence == 0 || *prevalence == 1) {
      refuse_rule(text);
    }
    rule.cost = *cost;
    rule.prevalence = *prevalence;
    return rule;
  }
  rule.kind = ThresholdRule::Kind::kConstrained;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == part.npos) refuse_rule(text);
    const auto least = number_in(part.substr(equals + 1), 0, 1);
    if (!least || *least == 0) refuse_rule(text);
    const std::string_view name = part.substr(0, equals);
    if (name != "sensitivity" && name != "specificity") refuse_rule(text);
    double& target = name == "sensitivity" ? rule.least_sensitivity : rule.least_specificity;
    if (target != 0) refuse_rule(text);
    target = *least;
  }
  if (text.empty() || text.ends_with(',')) refuse_rule(text);
  return rule;
}

ChosenThreshold choose_threshold(const Ranking& ranking, const ThresholdRule& rule,
                                 ThresholdOperator comparison, std::string_view where) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::kBadFile, where, "no threshold can be chosen here: " + what,
                "choose it on other cases or by another rule");
  };
  if (ranking.positives() == 0) refuse("no positives");
  if (ranking.negatives() == 0) refuse("no negatives");
  if (ranking.distinct() < 2) refuse("all scores are equal");
  std::size_t best = 0;  // 0: none so far
  double best_merit = 0;
  for (std::size_t k = 1; k < ranking.distinct(); ++k) {
    const double sensitivity = ranking.sensitivity(k);
    const double specificity =
        (ranking.negatives() - ranking.false_positives[k]) / ranking.negatives();
    if (sensitivity < rule.least_sensitivity || specificity < rule.least_specificity) continue;
    const double value = merit(rule, ranking, k);
    // Of equal thresholds the last one wins: it predicts the most cases positive.
    if (best != 0 && value < best_merit) continue;
    best = k;
    best_merit = value;
  }
  if (best == 0) refuse("none that predicts some cases positive, but not all, meets " + rule.text);
  return {
      .threshold = ranking.threshold(best, comparison),
      .sensitivity = ranking.sensitivity(best),
      .specificity = (ranking.negatives() - ranking.false_positives[best]) / ranking.negatives()};
}

}  // namespace apatite::eval
