#include "eval/classification/effective_sample_size.h"

#include <algorithm>

namespace apatite::eval {

EffectiveSampleSize::EffectiveSampleSize(const LabelledScores& cases, bool positive)
    : cases_(cases), positive_(positive) {
  if (!cases.cluster.empty()) {
    const std::int32_t most = *std::max_element(cases.cluster.begin(), cases.cluster.end());
    predicted_.resize(static_cast<std::size_t>(most) + 1);
    held_.resize(predicted_.size());
  }
  double total = 0;
  double squares = 0;
  for (std::size_t row = 0; row < cases.scores.size(); ++row) {
    const double w = weight(row);
    total += w;
    squares += w * w;
    if (!counts(row)) continue;
    sum_ += w;
    if (held_.empty()) {
      nn_ += w * w;
      if (w > 0) ++clusters_;
    } else {
      held_[static_cast<std::size_t>(cases.cluster[row])] += w;
    }
  }
  for (const double held : held_) {
    nn_ += held * held;
    if (held > 0) ++clusters_;
  }
  if (!cases.weight.empty()) kish_share_ = total / squares;
}

bool EffectiveSampleSize::counts(std::size_t row) const {
  return (cases_.positive[row] != 0) == positive_;
}

double EffectiveSampleSize::weight(std::size_t row) const {
  return cases_.weight.empty() ? 1 : cases_.weight[row];
}

void EffectiveSampleSize::predict_positive(std::size_t row) {
  if (!counts(row)) return;
  const double w = weight(row);
  predicted_sum_ += w;
  if (held_.empty()) {
    xx_ += w * w;
    xn_ += w * w;
    return;
  }
  const auto cluster = static_cast<std::size_t>(cases_.cluster[row]);
  xx_ += w * (2 * predicted_[cluster] + w);
  xn_ += w * held_[cluster];
  predicted_[cluster] += w;
}

double EffectiveSampleSize::value() const {
  const double rate = predicted_sum_ / sum_;
  const double squares = xx_ - 2 * rate * xn_ + rate * rate * nn_;
  if (cases_.weight.empty() && held_.empty()) return sum_;
  if (rate == 0 || rate == 1 || clusters_ < 2 || !(squares > 0)) return kish_share_ * sum_;
  const double factor = static_cast<double>(clusters_) / static_cast<double>(clusters_ - 1);
  return rate * (1 - rate) * sum_ * sum_ / (factor * squares);
}

}  // namespace apatite::eval
