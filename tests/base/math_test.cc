// exponential() against MPFR: less than one unit in the last place off, everywhere.
#include "base/math.h"

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

using Function = double (*)(double);
using Exact = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

// |y - f(x)| in units of the last place of a binary64 number of f(x)'s size.
double error_in_ulps(double x, double y, Exact function = mpfr_exp) {
  Mpfr exact;
  mpfr_set_d(exact.get(), x, MPFR_RNDN);
  function(exact.get(), exact.get(), MPFR_RNDN);
  if (mpfr_zero_p(exact.get()) != 0) return y == 0 ? 0 : 1e9;
  const auto exponent = std::max<mpfr_exp_t>(mpfr_get_exp(exact.get()), -1021);  // subnormals
  mpfr_sub_d(exact.get(), exact.get(), y, MPFR_RNDN);
  mpfr_mul_2si(exact.get(), exact.get(), 53 - exponent, MPFR_RNDN);
  return std::abs(mpfr_get_d(exact.get(), MPFR_RNDN));
}

// The bounds that math.h derives.
double bound_in_ulps(double x) { return x < -708.3964 ? 0.86 : 0.71; }
constexpr double kLogarithmBound = 0.6;

struct Worst {
  double error = 0;
  double x = 0;
  int count = 0;

  void look_at(double argument) {
    look_at(argument, error_in_ulps(argument, exponential(argument)), bound_in_ulps(argument));
  }
  void look_at(double argument, Function function, Exact exact) {
    look_at(argument, error_in_ulps(argument, function(argument), exact), kLogarithmBound);
  }
  void look_at(double argument, double ulps, double bound) {
    ++count;
    EXPECT_LT(ulps, bound) << "at " << to_text(argument);
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

TEST(Logarithm, IsBelowOneUlpOverItsWholeRange) {
  Worst worst;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    const double m = 1 + static_cast<double>(random_unit(3, i)) + 0x1p-30 * random_unit(4, i);
    worst.look_at(m, logarithm, mpfr_log);
    worst.look_at(std::ldexp(m, static_cast<int>(i % 2098) - 1075), logarithm, mpfr_log);
  }
  expect_below_one_ulp(worst, 100'000);
}

// Near 1, where the result is small, and where the reduction changes k.
TEST(Logarithm, IsBelowOneUlpNearOneAndAroundTheLimitsOfTheReduction) {
  Worst worst;
  for (std::uint64_t i = 0; i < 25'000; ++i) {
    const double u = random_symmetric(5, i);
    worst.look_at(1 + std::ldexp(u, -static_cast<int>(i % 52)) / 2, logarithm, mpfr_log);
  }
  for (const double limit : {0.5, 1.0, 2.0, std::sqrt(0.5), std::sqrt(2.0), 2 * std::sqrt(2.0)}) {
    double x = limit;
    for (int i = 0; i < 1000; ++i) x = std::nextafter(x, 0.0);
    for (int i = 0; i < 2000; ++i, x = std::nextafter(x, 9.0)) {
      worst.look_at(x, logarithm, mpfr_log);
    }
  }
  expect_below_one_ulp(worst, 37'000);
}

TEST(Logarithm, EndsWhereBinary64Does) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Worst worst;
  for (const double x : {0x1p-1074, 0x1p-1022, std::nextafter(0x1p-1022, 0.0), 1.0, 10.0,
                         std::numeric_limits<double>::max()}) {
    worst.look_at(x, logarithm, mpfr_log);
  }
  expect_below_one_ulp(worst, 6);
  EXPECT_EQ(logarithm(1.0), 0.0);
  EXPECT_EQ(logarithm(0.0), -kInfinity);
  EXPECT_EQ(logarithm(-0.0), -kInfinity);
  EXPECT_EQ(logarithm(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(logarithm(-1.0)));
  EXPECT_TRUE(std::isnan(logarithm(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Logarithm1p, IsBelowOneUlp) {
  Worst worst;
  for (std::uint64_t i = 0; i < 25'000; ++i) {
    const double u = random_symmetric(6, i);
    worst.look_at(u, logarithm_1p, mpfr_log1p);
    worst.look_at(std::ldexp(u, -static_cast<int>(i % 1070)), logarithm_1p, mpfr_log1p);
    worst.look_at(std::ldexp(std::abs(u), static_cast<int>(i % 1020)), logarithm_1p, mpfr_log1p);
    worst.look_at(-1 + std::ldexp(std::abs(u) + 0x1p-30, -static_cast<int>(i % 20)), logarithm_1p,
                  mpfr_log1p);
  }
  for (const double limit : {-0.5, std::sqrt(0.5) - 1, std::sqrt(2.0) - 1, 1.0, 3.0, 0x1p53}) {
    double x = limit;
    for (int i = 0; i < 500; ++i) x = std::nextafter(x, -1.0);
    for (int i = 0; i < 1000; ++i, x = std::nextafter(x, 1e300)) {
      worst.look_at(x, logarithm_1p, mpfr_log1p);
    }
  }
  expect_below_one_ulp(worst, 106'000);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(logarithm_1p(-1.0), -kInfinity);
  EXPECT_EQ(logarithm_1p(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(logarithm_1p(-1.5)));
  EXPECT_TRUE(std::isnan(logarithm_1p(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace
}  // namespace apatite
