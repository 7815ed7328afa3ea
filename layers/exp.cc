#include "layers/exp.h"

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

}  // namespace apatite
