#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/math.h"
#include "layers/sigmoid.h"
#include "layers/softmax.h"

namespace apatite::layers {
namespace {

// Bits that every machine must give; e and 1/e are the correctly rounded values.
TEST(Exponential, HasItsBits) {
  EXPECT_EQ(exponential(1.0), 0x1.5bf0a8b145769p+1);
  EXPECT_EQ(exponential(-1.0), 0x1.78b56362cef38p-2);
  EXPECT_EQ(exponential(0.5), 0x1.a61298e1e069cp+0);
  EXPECT_EQ(exponential(-745.0), 0x1p-1074);
}

TEST(Softmax, IsTheQuotientOfExponentials) {
  const std::vector<double> p = softmax(std::vector<float>{1.0F, 2.0F, -0.5F});
  const double a = exponential(-1.0);
  const double b = exponential(-2.5);
  const double sum = (a + 1.0) + b;
  EXPECT_EQ(p, (std::vector<double>{a / sum, 1.0 / sum, b / sum}));
}

TEST(Softmax, SurvivesLogitsThatExpCannot) {
  const std::vector<double> p = softmax(std::vector<float>{3e38F, -3e38F, 3e38F});
  EXPECT_EQ(p, (std::vector<double>{0.5, 0.0, 0.5}));
}

TEST(Softmax, OfOneLogitIsCertain) {
  EXPECT_EQ(softmax(std::vector<float>{-7.0F}), std::vector<double>{1.0});
}

TEST(Softmax, SumsToOne) {
  std::vector<float> logits(1000);
  std::iota(logits.begin(), logits.end(), -500.0F);
  const std::vector<double> p = softmax(logits);
  // 1000 quotients, each off by 2^-53 relative at most, and the sum's own roundings.
  EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 2000 * 0x1p-53);
}

TEST(Softmax, RefusesNoLogitsAndNonFiniteOnes) {
  EXPECT_THROW(softmax(std::vector<float>{}), Error);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    try {
      softmax(std::vector<float>{1.0F, bad});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
      EXPECT_NE(std::string(error.what()).find("logit 1"), std::string::npos);
    }
  }
}

TEST(Sigmoid, HasNoLossOnEitherSide) {
  EXPECT_EQ(sigmoid(0.0F), 0.5);
  EXPECT_EQ(sigmoid(-0.0F), 0.5);
  EXPECT_EQ(sigmoid(800.0F), 1.0);
  EXPECT_EQ(sigmoid(-800.0F), 0.0);
  EXPECT_EQ(sigmoid(-100.0F), exponential(-100.0));  // 1 + e^-100 rounds to 1
  EXPECT_EQ(sigmoid(2.0F), 1 / (1 + exponential(-2.0)));
  EXPECT_EQ(sigmoid(-2.0F), exponential(-2.0) / (1 + exponential(-2.0)));
  EXPECT_TRUE(std::isnan(sigmoid(std::numeric_limits<float>::quiet_NaN())));
}

}  // namespace
}  // namespace apatite::layers
