// Integers of 128 bits and compensated sums, which keep the statistics exact or nearly exact.
#pragma once

#include <cmath>

namespace apatite::eval {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

// A sum of binary64 numbers with a second sum of its rounding errors (Neumaier 1974). The error is
// below 2^-53 of the sum plus n^2 2^-106 of the sum of magnitudes.
class CompensatedSum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    low_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  void add(const CompensatedSum& other) {
    add(other.sum_);
    low_ += other.low_;
  }
  [[nodiscard]] double value() const { return sum_ + low_; }

 private:
  double sum_ = 0;
  double low_ = 0;
};

}  // namespace apatite::eval
