// sine against MPFR.
#include "image/resize/sine.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <cmath>
#include <numbers>

#include "base/random.h"

namespace apatite::image {
namespace {

double mpfr_sine(double x) {
  mpfr_t value;
  mpfr_init2(value, 160);
  mpfr_set_d(value, x, MPFR_RNDN);
  mpfr_sin(value, value, MPFR_RNDN);
  const double rounded = mpfr_get_d(value, MPFR_RNDN);
  mpfr_clear(value);
  return rounded;
}

TEST(Sine, IsCorrectlyRounded) {
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const double x = 9.4247 * static_cast<double>(random_symmetric(7, i));
    ASSERT_EQ(sine(x), mpfr_sine(x)) << x;
  }
}

TEST(Sine, IsCorrectlyRoundedWhereLanczosMeetsMultiplesOfPi) {
  for (int k = -12; k <= 12; ++k) {
    double x = k * std::numbers::pi / 4;
    for (int ulp = 0; ulp < 50; ++ulp) x = std::nextafter(x, -10);
    for (int ulp = 0; ulp < 100; ++ulp) {
      ASSERT_EQ(sine(x), mpfr_sine(x)) << x;
      ASSERT_EQ(sine(-x), -sine(x)) << x;
      x = std::nextafter(x, 10);
    }
  }
  EXPECT_EQ(sine(0), 0);
}

}  // namespace
}  // namespace apatite::image
