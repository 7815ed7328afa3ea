// The comparisons of the conformance test see every planted error.
#include "tests/support/compare.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace apatite {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class PlantedError : public ::testing::Test {
 protected:
  std::vector<float> expected_{1.0F, 0.0F, -2.5F, 0x1p-149F, 7.0F};
  std::vector<float> actual_ = expected_;
};

TEST_F(PlantedError, EqualArraysHaveNoDifference) {
  EXPECT_EQ(bit_difference(expected_, actual_), "");
}

TEST_F(PlantedError, OneWrongElementIsSeenAndNamed) {
  actual_[2] = std::nextafter(actual_[2], 0.0F);
  EXPECT_EQ(bit_difference(expected_, actual_),
            "1 of 5 values differ; the first, number 2, is -2.4999998, not -2.5");
}

TEST_F(PlantedError, EveryPositionIsSeen) {
  for (std::size_t i = 0; i < actual_.size(); ++i) {
    std::vector<float> wrong = expected_;
    wrong[i] += 1;
    EXPECT_NE(bit_difference(expected_, wrong), "") << i;
  }
}

TEST_F(PlantedError, TheSignOfZeroIsSeen) {
  actual_[1] = -0.0F;
  EXPECT_EQ(bit_difference(expected_, actual_),
            "1 of 5 values differ; the first, number 1, is -0, not +0");
}

TEST_F(PlantedError, ALostSubnormalIsSeen) {
  actual_[3] = 0;
  EXPECT_NE(bit_difference(expected_, actual_), "");
}

TEST_F(PlantedError, NanIsSeenAndEqualsItself) {
  actual_[4] = kNan;
  EXPECT_NE(bit_difference(expected_, actual_), "");
  EXPECT_EQ(bit_difference(actual_, actual_), "");
}

TEST_F(PlantedError, AMissingElementIsSeen) {
  actual_.pop_back();
  EXPECT_EQ(bit_difference(expected_, actual_), "has 4 values, not 5");
}

TEST(BoundViolation, SeesOneElementBeyondItsOwnBoundAndNan) {
  const std::vector<double> expected{1, 2, 3};
  const std::vector<double> bound{0.5, 0, 0.25};
  EXPECT_EQ(bound_violation(expected, bound, std::vector<float>{1.5F, 2, 2.75F}), "");
  EXPECT_EQ(bound_violation(expected, bound, std::vector<float>{1, 2.25F, 3}),
            "value 1 is 2.25, not 2: off by 0.25, the bound is 0");
  EXPECT_NE(bound_violation(expected, bound, std::vector<float>{1, 2, kNan}), "");
  EXPECT_NE(bound_violation(expected, bound, std::vector<float>{-1, 2, 3}), "");
  EXPECT_NE(bound_violation(expected, bound, std::vector<float>{1, 2}), "");
  EXPECT_NE(bound_violation(expected, {}, std::vector<float>{1, 2, 3}), "");
}

}  // namespace
}  // namespace apatite
