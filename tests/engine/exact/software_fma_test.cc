#include "engine/exact/software_fma.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>

#include "base/random.h"

namespace apatite::engine {
namespace {

void expect_same(float a, float b, float c) {
  const float expected = std::fma(a, b, c);
  if (std::isnan(expected)) return;
  ASSERT_EQ(std::bit_cast<std::uint32_t>(exact::software_fma(a, b, c)),
            std::bit_cast<std::uint32_t>(expected))
      << std::hexfloat << a << " * " << b << " + " << c;
}

float finite(std::uint64_t bits) {
  const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return std::isfinite(x) ? x : 1.0F;
}

TEST(SoftwareFma, HasTheBitsOfStdFmaOnAnyPattern) {
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    expect_same(finite(random_bits(1, i)), finite(random_bits(2, i)), finite(random_bits(3, i)));
  }
}

// Sums next to a tie of binary32 that binary64 cannot tell from it, where rounding twice goes
// wrong.
TEST(SoftwareFma, RoundsOnceNextToTies) {
  int twice_differs = 0;
  for (int k = 13; k <= 23; ++k) {
    for (const float sign : {1.0F, -1.0F}) {
      for (const float ulps : {0.0F, 1.0F, 2.0F, 3.0F}) {
        // a * b = +-2^-24 (1 - 2^-2k), c = 1 + ulps * 2^-23
        const float a = sign * 0x1p-12F * (1.0F + std::ldexp(1.0F, -k));
        const float b = 0x1p-12F * (1.0F - std::ldexp(1.0F, -k));
        const float c = 1.0F + ulps * 0x1p-23F;
        expect_same(a, b, c);
        expect_same(a, b, -c);
        const double sum = static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(c);
        twice_differs += static_cast<float>(sum) != std::fma(a, b, c) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(twice_differs, 10) << "the cases must tell one rounding from two";
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    const float a = random_symmetric(4, i) * 3;
    const float b = random_symmetric(5, i);
    const auto exponent = static_cast<int>(random_bits(6, i) % 60) - 30;
    expect_same(a, b, std::ldexp(random_symmetric(7, i), exponent));
    expect_same(a, b, -a * b);
    expect_same(a, b, std::nextafter(-a * b, 1.0F));
  }
}

TEST(SoftwareFma, KeepsSubnormalsZerosAndOverflow) {
  const std::array<float, 14> values{0.0F,
                                     -0.0F,
                                     0x1p-149F,
                                     -0x1p-149F,
                                     0x1.8p-140F,
                                     0x1p-75F,
                                     -0x1p-75F,
                                     0x1.000002p-75F,
                                     1.0F,
                                     -1.0F,
                                     0x1p100F,
                                     -0x1p127F,
                                     0x1.fffffep127F,
                                     -0x1.fffffep-127F};
  for (const float a : values) {
    for (const float b : values) {
      for (const float c : values) expect_same(a, b, c);
    }
  }
}

}  // namespace
}  // namespace apatite::engine
