// The effective number of cases behind a rate, kept while one case after the other is called.
#pragma once

#include <cstdint>
#include <vector>

#include "eval/classification/calibration.h"

namespace apatite::eval {

// Of one class, whose share of called cases is a sensitivity or a false positive rate: what
// effective_size() (confusion.h) gives at each threshold, but O(1) a step. With the x called of n
// cases of each cluster it needs the sums of x, x^2, x n and n^2 over clusters alone; cases without
// clusters are clusters of one.
class RunningSize {
 public:
  // `cases` must outlive the object.
  RunningSize(const ScoredCases& cases, bool positive);

  // Calls the case of that row, once. Rows of the other class do not count.
  void call(std::size_t row);
  [[nodiscard]] double effective() const;

 private:
  [[nodiscard]] bool counts(std::size_t row) const;
  [[nodiscard]] double weight(std::size_t row) const;

  const ScoredCases& cases_;
  bool positive_;
  std::vector<double> called_, held_;  // x and n per cluster; empty without clusters
  std::int64_t clusters_ = 0;          // with a case of the class
  double called_sum_ = 0, sum_ = 0;    // of x and n
  double xx_ = 0, xn_ = 0, nn_ = 0;
  double kish_share_ = 1;  // Kish's size of all cases over their weight
};

}  // namespace apatite::eval
