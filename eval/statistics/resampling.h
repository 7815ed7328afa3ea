// What every bootstrap of the project shares: which units a draw contains, and the interval between
// two percentiles of the draws' results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "eval/statistics/confidence_interval.h"
#include "eval/statistics/exact_sums.h"

namespace apatite::eval {

// How 64 random bits b choose one of n units. Both rules favour some units by at most n / 2^64 of
// their probability. Published numbers depend on the rule, so neither can replace the other.
enum class UnitRule {
  kScaled,     // unit floor(b n / 2^64): the bootstrap of AUCs
  kRemainder,  // unit b mod n: the bootstrap of means in a faithfulness report
};

// The units of one draw with replacement, one after the other. The i-th unit depends only on the
// seed, the number of the draw and i: its bits are b = random_bits(random_stream(seed, draw), i)
// (base/random.h). Therefore any number of threads gives the same draws.
template <UnitRule kRule>
class Resample {
 public:
  Resample(std::uint64_t seed, std::uint64_t draw) : stream_(random_stream(seed, draw)) {}

  // The next unit, one of 0 .. count - 1; count > 0.
  std::size_t next(std::size_t count) {
    const std::uint64_t bits = random_bits(stream_, drawn_++);
    if constexpr (kRule == UnitRule::kRemainder) return bits % count;
    return static_cast<std::size_t>((Uint128{bits} * count) >> 64U);
  }

 private:
  std::uint64_t stream_;
  std::uint64_t drawn_ = 0;
};

// The q-quantile of sorted values by linear interpolation at q (n - 1): type 7 of Hyndman and Fan
// 1996, as in R and NumPy. Throws Error (kInternal) without values.
double quantile(std::span<const double> sorted, double q);

// Which value stands for a percentile of n draws; tail = (1 - confidence) / 2.
enum class PercentileRule {
  kInterpolated,    // quantile() at tail and 1 - tail
  kOrderStatistic,  // the k-th smallest and the k-th largest value, k = max(1, floor(tail n))
};

// Efron's percentile interval. `values` are the results of the draws, in any order, at least one.
// Throws Error: kUsage unless 0 < confidence < 1, kInternal without values.
ConfidenceInterval percentile_interval(std::vector<double> values, double confidence,
                                       PercentileRule rule = PercentileRule::kInterpolated);

}  // namespace apatite::eval
