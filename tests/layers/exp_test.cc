// exponential() against MPFR: less than one unit in the last place off, everywhere.
#include "layers/exp.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"

namespace apatite {
namespace {

class Mpfr {
 public:
  Mpfr() { mpfr_init2(value_, 160); }
  ~Mpfr() { mpfr_clear(value_); }
  Mpfr(const Mpfr&) = delete;
  Mpfr& operator=(const Mpfr&) = delete;
  mpfr_ptr get() { return value_; }

 private:
  mpfr_t value_;
};

// |y - e^x| in units of the last place of a binary64 number of e^x's size.
double error_in_ulps(double x, double y) {
  Mpfr exact;
  mpfr_set_d(exact.get(), x, MPFR_RNDN);
  mpfr_exp(exact.get(), exact.get(), MPFR_RNDN);
  const auto exponent = std::max<mpfr_exp_t>(mpfr_get_exp(exact.get()), -1021);  // subnormals
  mpfr_sub_d(exact.get(), exact.get(), y, MPFR_RNDN);
  mpfr_mul_2si(exact.get(), exact.get(), 53 - exponent, MPFR_RNDN);
  return std::abs(mpfr_get_d(exact.get(), MPFR_RNDN));
}

// The bounds that exp.h derives.
double bound_in_ulps(double x) { return x < -708.3964 ? 0.86 : 0.71; }

struct Worst {
  double error = 0;
  double x = 0;
  int count = 0;

  void look_at(double argument) {
    const double ulps = error_in_ulps(argument, exponential(argument));
    ++count;
    EXPECT_LT(ulps, bound_in_ulps(argument)) << "at " << to_text(argument);
    if (ulps > error) {
      error = ulps;
      x = argument;
    }
  }
};

void expect_below_one_ulp(const Worst& worst, int at_least) {
  EXPECT_GE(worst.count, at_least);
  EXPECT_LT(worst.error, 1.0);
  ::testing::Test::RecordProperty("worst_error_in_ulps", to_text(worst.error));
  std::cout << "worst error " << worst.error << " ulp at " << to_text(worst.x) << " of "
            << worst.count << " arguments\n";
}

constexpr double kLowest = -745.1332191019411;  // e^x rounds to the smallest subnormal
constexpr double kHighest = 709.782712893384;   // e^x is finite

TEST(Exponential, IsBelowOneUlpOverItsWholeRange) {
  Worst worst;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    worst.look_at(kLowest + (kHighest - kLowest) * (static_cast<double>(i) + 0.5) / 200'000);
    worst.look_at(std::max(kLowest, 700.0 * random_symmetric(1, i)));
  }
  expect_below_one_ulp(worst, 400'000);
}

TEST(Exponential, IsBelowOneUlpNearZeroAndForTheDifferencesOfLogits) {
  Worst worst;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const double u = random_symmetric(2, i);
    worst.look_at(u);
    worst.look_at(-20 * std::abs(u));
    worst.look_at(std::ldexp(u, -static_cast<int>(i % 1070)));
  }
  expect_below_one_ulp(worst, 300'000);
}

// Where k changes, r is largest.
TEST(Exponential, IsBelowOneUlpAroundTheLimitsOfTheReduction) {
  Worst worst;
  for (int k = -1074; k <= 1023; ++k) {
    double x = (k + 0.5) * 0x1.62e42fefa39efp-1;
    if (x <= kLowest || x >= kHighest) continue;
    for (int i = 0; i < 8; ++i) x = std::nextafter(x, -1e9);
    for (int i = 0; i < 16; ++i, x = std::nextafter(x, 1e9)) worst.look_at(x);
  }
  expect_below_one_ulp(worst, 30'000);
}

TEST(Exponential, EndsWhereBinary64Does) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Worst worst;
  for (const double x :
       {kHighest, std::nextafter(kHighest, 0.0), kLowest, std::nextafter(kLowest, 0.0), -708.4,
        -708.3964185322641, 0.0, -0.0, 0x1p-1074, -0x1p-1074, 0x1p-54, -0x1p-54, 1.0, -1.0}) {
    worst.look_at(x);
  }
  expect_below_one_ulp(worst, 14);
  EXPECT_EQ(exponential(0.0), 1.0);
  EXPECT_EQ(exponential(-0.0), 1.0);
  EXPECT_EQ(exponential(std::nextafter(kHighest, kInfinity)), kInfinity);
  EXPECT_EQ(exponential(kInfinity), kInfinity);
  EXPECT_GT(exponential(kLowest), 0.0);
  EXPECT_EQ(exponential(-745.2), 0.0);
  EXPECT_EQ(exponential(-kInfinity), 0.0);
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Exponential, TheMeasureSeesAnErrorOfOneUlp) {
  const double y = exponential(1.0);
  EXPECT_LT(error_in_ulps(1.0, y), 0.71);
  EXPECT_GT(error_in_ulps(1.0, std::nextafter(y, 3.0)) + error_in_ulps(1.0, std::nextafter(y, 2.0)),
            1.9);
}

}  // namespace
}  // namespace apatite
