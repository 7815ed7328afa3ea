// What all bootstraps share: the units of a draw and the interval between percentiles.
#include "eval/statistics/resampling.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace apatite::eval {
namespace {

TEST(Resample, ChoosesUnitsByTheRuleFromNumberedBits) {
  constexpr std::size_t kUnits = 1000;
  for (const std::uint64_t draw : {0U, 7U}) {
    Resample<UnitRule::kScaled> scaled(3, draw);
    Resample<UnitRule::kRemainder> remainder(3, draw);
    for (std::uint64_t i = 0; i < 5000; ++i) {
      const std::uint64_t bits = random_bits(random_stream(3, draw), i);
      // Long division of bits * 1000 by 2^64, 32 bits at a time.
      const std::uint64_t low = (bits & 0xffffffffU) * kUnits;
      EXPECT_EQ(scaled.next(kUnits), ((bits >> 32U) * kUnits + (low >> 32U)) >> 32U);
      EXPECT_EQ(remainder.next(kUnits), bits % kUnits);
    }
  }
}

TEST(PercentileInterval, TakesOrderStatisticsOrInterpolates) {
  std::vector<double> values;  // 2000, 1999, ..., 1
  for (int i = 2000; i > 0; --i) values.push_back(i);
  const ConfidenceInterval order =
      percentile_interval(values, 0.95, PercentileRule::kOrderStatistic);
  EXPECT_EQ(order.low, 50);     // the 50th smallest
  EXPECT_EQ(order.high, 1951);  // the 50th largest
  // Type 7: 1 + 0.025 * 1999 and 1 + 0.975 * 1999. The positions are rounded to binary64, whose
  // spacing below 2048 is 2^-42; three such roundings are on the way.
  const ConfidenceInterval interpolated = percentile_interval(values, 0.95);
  EXPECT_NEAR(interpolated.low, 50.975, 3 * 0x1p-42);
  EXPECT_NEAR(interpolated.high, 1950.025, 3 * 0x1p-42);
  const ConfidenceInterval single =
      percentile_interval({4.0}, 0.95, PercentileRule::kOrderStatistic);
  EXPECT_EQ(single.low, 4.0);
  EXPECT_EQ(single.high, 4.0);
  EXPECT_THROW(percentile_interval({}, 0.95), Error);
  EXPECT_THROW(percentile_interval({1.0}, 1.0), Error);
}

}  // namespace
}  // namespace apatite::eval
