#include "base/math.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace apatite {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;    // 1 / ln 2
constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // 41 bits of ln 2
constexpr double kLn2Low = 0x1.ef35793c76730p-45;  // ln 2 - kLn2High

// 1 / n! for n = 2 .. 14; each factorial is exact in binary64, so each quotient is rounded once.
constexpr std::array<double, 13> inverse_factorials() {
  std::array<double, 13> inverses{};
  double factorial = 1;
  for (int n = 2; n <= 14; ++n) {
    factorial *= n;
    inverses[static_cast<std::size_t>(n - 2)] = 1 / factorial;
  }
  return inverses;
}
constexpr std::array<double, 13> kTaylor = inverse_factorials();

// (e^r - 1 - r) / r^2.
double series(double r) {
  double q = kTaylor.back();
  for (std::size_t i = kTaylor.size() - 1; i-- > 0;) q = std::fma(q, r, kTaylor[i]);
  return q;
}

constexpr double kSqrt2 = 0x1.6a09e667f3bcdp+0;

// (atanh s - s) / s^3 by s^2.
double atanh_series(double z) {
  double q = 1.0 / 23;
  for (int n = 21; n >= 3; n -= 2) q = std::fma(q, z, 1.0 / n);
  return q;
}

// ln of 2^k (1 + f + f_low), f_low below half an ulp of 1 + f.
double logarithm_of(std::int64_t k, double f, double f_low) {
  const double d = 2 + f;
  const double d_low = (f - (d - 2)) + f_low;  // exact but for f_low: |f| < 2
  const double s = f / d;
  const double s_low = (std::fma(-s, d, f) - s * d_low + f_low) / d;
  const double z = s * s;
  const double tail = std::fma(2 * s * z, atanh_series(z), 2 * s_low);

  const auto exponent = static_cast<double>(k);
  const double high = exponent * kLn2High;  // exact: 41 + 11 bits
  const double sum = high + 2 * s;
  const double shift = sum - high;
  const double sum_low = (high - (sum - shift)) + (2 * s - shift);  // exact (Knuth's TwoSum)
  return sum + (sum_low + std::fma(exponent, kLn2Low, tail));
}

// 2^k for -1022 <= k <= 1023, from its bits.
double power_of_two(std::int64_t k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52U);
}

}  // namespace

double exponential(double x) {
  if (std::isnan(x)) return x;
  if (x > 0x1.62e42fefa39efp+9) return std::numeric_limits<double>::infinity();
  if (x < -0x1.74910d52d3052p+9) return 0;
  const double k = std::floor(std::fma(x, kLog2E, 0.5));
  const double high = std::fma(-k, kLn2High, x);  // exact
  const double r = std::fma(-k, kLn2Low, high);
  const double r_low = std::fma(-k, kLn2Low, high - r);

  const double tail = std::fma(r * r, series(r), r_low);
  const double sum = 1 + r;
  const double sum_low = (1 - sum) + r;  // exact: |r| < 1
  const double e_r = sum + (sum_low + tail);

  // 2^k in two factors: the first product is exact, the second may overflow or underflow.
  const auto exponent = static_cast<std::int64_t>(k);
  const std::int64_t half = exponent / 2;
  return e_r * power_of_two(half) * power_of_two(exponent - half);
}

namespace {

// ln(x + x_low) for positive finite x, x_low below half an ulp of x.
double logarithm_of_sum(double x, double x_low) {
  std::int64_t k = 0;
  if (x < 0x1p-1022) {  // subnormal
    x *= 0x1p54;
    x_low *= 0x1p54;
    k = -54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  k += static_cast<std::int64_t>(bits >> 52U) - 1023;
  auto m = std::bit_cast<double>((bits & 0x000fffffffffffffU) | 0x3ff0000000000000U);
  double m_low = x_low == 0 ? 0 : std::ldexp(x_low, static_cast<int>(-k));
  if (m > kSqrt2) {
    m *= 0.5;
    m_low *= 0.5;
    ++k;
  }
  return logarithm_of(k, m - 1, m_low);  // m - 1 is exact
}

}  // namespace

double logarithm(double x) {
  if (std::isnan(x)) return x;
  if (x < 0) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (std::isinf(x)) return x;
  return logarithm_of_sum(x, 0);
}

double logarithm_1p(double x) {
  if (std::isnan(x)) return x;
  if (x < -1) return std::numeric_limits<double>::quiet_NaN();
  if (x == -1) return -std::numeric_limits<double>::infinity();
  if (std::isinf(x)) return x;
  if (std::abs(x) < 0x1p-53) return x;  // x - x^2/2: below half an ulp away
  if (x > 0.5 * kSqrt2 - 1 && x < kSqrt2 - 1) return logarithm_of(0, x, 0);
  const double sum = 1 + x;
  const double low = std::abs(x) < 1 ? x - (sum - 1) : 1 - (sum - x);  // exact
  return logarithm_of_sum(sum, low);
}

double logistic(double x) {
  if (x >= 0) return 1 / (1 + exponential(-x));
  const double e = exponential(x);
  return e / (1 + e);
}

}  // namespace apatite
