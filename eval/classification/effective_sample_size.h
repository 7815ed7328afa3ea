// The effective number of cases behind a rate, updated while one case after the other becomes
// predicted positive.
#pragma once

#include <cstdint>
#include <vector>

#include "eval/data/labelled_scores.h"

namespace apatite::eval {

// The cases of one class, of which the share that is predicted positive is a sensitivity or a false
// positive rate. The value equals effective_size() (confusion.h) at each threshold, but a step
// costs O(1). Where x of the n cases of a cluster are predicted positive, only the sums of x, x^2,
// x n and n^2 over the clusters are needed. A case without a cluster is a cluster of one.
class EffectiveSampleSize {
 public:
  // `cases` must outlive the object.
  EffectiveSampleSize(const LabelledScores& cases, bool positive);

  // Makes the case of that row predicted positive; at most once per row. Rows of the other class
  // have no effect.
  void predict_positive(std::size_t row);
  [[nodiscard]] double value() const;

 private:
  [[nodiscard]] bool counts(std::size_t row) const;
  [[nodiscard]] double weight(std::size_t row) const;

  const LabelledScores& cases_;
  bool positive_;
  std::vector<double> predicted_, held_;  // x and n per cluster; empty without clusters
  std::int64_t clusters_ = 0;             // with a case of the class
  double predicted_sum_ = 0, sum_ = 0;    // of x and n
  double xx_ = 0, xn_ = 0, nn_ = 0;
  double kish_share_ = 1;  // Kish's effective size of all cases, divided by their weight
};

}  // namespace apatite::eval
