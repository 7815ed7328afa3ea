#include "engine/graph/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace apatite::engine {
namespace {

TEST(Tensor, CanonicalizeLeavesOneZeroAndEveryOtherBit) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  Tensor tensor({6}, std::vector<float>{-0.0F, 0.0F, -tiny, tiny, -0.0F, -1.5F});
  const CanonicalReport report = canonicalize(tensor.values());
  EXPECT_EQ(report.negative_zeros, 2);
  EXPECT_EQ(report.first_non_finite, -1);
  const std::vector<float> expected{0.0F, 0.0F, -tiny, tiny, 0.0F, -1.5F};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(tensor.data()[i], expected[i]);
    EXPECT_EQ(std::signbit(tensor.data()[i]), std::signbit(expected[i]));
  }
}

TEST(Tensor, FindsTheFirstNonFinite) {
  for (std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{999}, std::size_t{4095}}) {
    for (const float bad : {std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), std::nanf("")}) {
      Tensor tensor({4096});
      tensor.data()[at] = bad;
      tensor.data()[4095] = bad;
      EXPECT_EQ(canonicalize(tensor.values()).first_non_finite, static_cast<std::int64_t>(at));
    }
  }
}

TEST(Tensor, NarrowRoundsOnceAndKeepsOneZero) {
  const Tensor narrowed = narrow(Tensor64({3}, std::vector<double>{0x1.000001p0, -0.0, -1e-300}));
  EXPECT_EQ(narrowed.data()[0], 1.0F);  // a tie goes to the even neighbour
  EXPECT_FALSE(std::signbit(narrowed.data()[1]));
  EXPECT_FALSE(std::signbit(narrowed.data()[2]));
}

TEST(Tensor, RefusesImpossibleSizes) {
  EXPECT_THROW(Tensor({-1, 3}), Error);
  EXPECT_THROW(Tensor({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
  EXPECT_THROW(Tensor({std::int64_t{1} << 62, 4}), Error);
}

}  // namespace
}  // namespace apatite::engine
