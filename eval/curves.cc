#include "eval/curves.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "eval/classification/effective_sample_size.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

constexpr std::size_t kHistogramBins = 40;

// Some k of 0 .. m, always with the first and the last. Two neighbours differ by at least `step` in
// the sensitivity or in the false positive rate, except for the last two.
std::vector<std::size_t> thinned(const Ranking& ranking, double step) {
  std::vector<std::size_t> chosen{0};
  for (std::size_t k = 1; k <= ranking.distinct(); ++k) {
    const std::size_t last = chosen.back();
    const bool far = ranking.sensitivity(k) - ranking.sensitivity(last) >= step ||
                     ranking.false_positive_rate(k) - ranking.false_positive_rate(last) >= step;
    if (far || k == ranking.distinct()) chosen.push_back(k);
  }
  return chosen;
}

void add_band(Curves& curves, const LabelledScores& cases, const Ranking& ranking,
              const EvaluationOptions& options) {
  constexpr std::size_t kPlainPoints = 1000, kCountedPoints = 200;
  const double each = std::sqrt(options.confusion.confidence);
  const bool plain = cases.weight.empty() && cases.cluster.empty();
  const double step = 1.0 / static_cast<double>(plain ? kPlainPoints : kCountedPoints);
  // In ascending order of the scores: from the end, they become predicted positive.
  std::vector<KeyedRow> rows;
  std::optional<EffectiveSampleSize> of_positives, of_negatives;
  if (!plain) {
    rows = rows_by_score(cases.scores);
    of_positives.emplace(cases, true);
    of_negatives.emplace(cases, false);
  }
  for (const std::size_t k : thinned(ranking, step)) {
    double positive_size = ranking.positives();
    double negative_size = ranking.negatives();
    if (!plain) {
      for (; k > 0 && !rows.empty() && cases.scores[rows.back().row] >= ranking.scores[k - 1];
           rows.pop_back()) {
        of_positives->predict_positive(rows.back().row);
        of_negatives->predict_positive(rows.back().row);
      }
      positive_size = of_positives->value();
      negative_size = of_negatives->value();
    }
    const ConfidenceInterval sensitivity = proportion_interval(
        ProportionMethod::kWilson, ranking.sensitivity(k) * positive_size, positive_size, each);
    const ConfidenceInterval false_positive =
        proportion_interval(ProportionMethod::kWilson,
                            ranking.false_positive_rate(k) * negative_size, negative_size, each);
    curves.roc_high.push_back({false_positive.low, sensitivity.high});
    curves.roc_low.push_back({false_positive.high, sensitivity.low});
  }
  // From corner to corner; neither rate decreases.
  curves.roc_high.insert(curves.roc_high.begin(), {0, curves.roc_high.front().y});
  curves.roc_high.push_back({1, 1});
  curves.roc_low.insert(curves.roc_low.begin(), {0, 0});
  curves.roc_low.push_back({1, curves.roc_low.back().y});
  for (auto* side : {&curves.roc_high, &curves.roc_low}) {
    for (std::size_t i = 1; i < side->size(); ++i) {
      (*side)[i].x = std::max((*side)[i].x, (*side)[i - 1].x);
      (*side)[i].y = std::max((*side)[i].y, (*side)[i - 1].y);
    }
  }
}

void add_histogram(Curves& curves, const LabelledScores& cases, const Ranking& ranking) {
  double low = ranking.scores.back();
  double high = ranking.scores.front();
  if (low >= 0 && high <= 1) {
    low = 0;
    high = 1;
  } else if (low == high) {
    high = low + 1;
  }
  curves.histogram_low = low;
  curves.histogram_high = high;
  curves.histogram_positive.resize(kHistogramBins);
  curves.histogram_negative.resize(kHistogramBins);
  for (std::size_t i = 0; i < cases.scores.size(); ++i) {
    const double share = (cases.scores[i] - low) / (high - low);
    const auto bin = std::min(static_cast<std::size_t>(share * kHistogramBins), kHistogramBins - 1);
    const double w = cases.weight.empty() ? 1 : cases.weight[i];
    if (cases.positive[i] != 0) {
      curves.histogram_positive[bin] += w / ranking.positives();
    } else {
      curves.histogram_negative[bin] += w / ranking.negatives();
    }
  }
}

}  // namespace

Curves curves_of(const LabelledScores& cases, const Ranking& ranking,
                 const EvaluationOptions& options) {
  Curves curves;
  constexpr double kStep = 0.0005;
  for (const std::size_t k : thinned(ranking, kStep)) {
    curves.roc.push_back({ranking.false_positive_rate(k), ranking.sensitivity(k)});
    if (k == 0) continue;
    const double tp = ranking.true_positives[k];
    curves.precision_recall.push_back(
        {ranking.sensitivity(k), tp / (tp + ranking.false_positives[k])});
  }
  add_band(curves, cases, ranking, options);
  curves.calibration = calibration_bins(cases, options.bins);
  curves.decision = decision_curve(cases, options.comparison);
  add_histogram(curves, cases, ranking);
  return curves;
}

}  // namespace apatite::eval
