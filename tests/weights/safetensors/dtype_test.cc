#include "weights/safetensors/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace apatite::weights {
namespace {

template <class T>
std::pair<std::vector<float>, DecodeReport> decoded(DType dtype, const std::vector<T>& raw) {
  // One byte off any alignment.
  std::vector<std::byte> bytes(raw.size() * sizeof(T) + 1);
  std::memcpy(bytes.data() + 1, raw.data(), raw.size() * sizeof(T));
  std::vector<float> values(raw.size());
  const DecodeReport report = decode(dtype, std::span(bytes).subspan(1), values);
  return {values, report};
}

// The value of a binary16 by its definition in IEEE 754.
double half_by_definition(unsigned bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  const int exponent = static_cast<int>((bits >> 10U) & 0x1FU);
  const double fraction = static_cast<double>(bits & 0x3FFU);
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Decode, EveryHalf) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const auto [values, report] =
        decoded(DType::kF16, std::vector<std::uint16_t>{static_cast<std::uint16_t>(bits)});
    if ((bits & 0x7C00U) == 0x7C00U) {
      ASSERT_EQ(report.first_non_finite, 0) << bits;
      ASSERT_EQ(std::isnan(values[0]), (bits & 0x3FFU) != 0) << bits;
    } else {
      ASSERT_EQ(report.first_non_finite, -1) << bits;
      ASSERT_EQ(values[0], half_by_definition(bits)) << bits;
      ASSERT_FALSE(values[0] == 0 && std::signbit(values[0]));
    }
    ASSERT_EQ(report.negative_zeros, bits == 0x8000U ? 1 : 0);
  }
}

TEST(Decode, EveryBfloatIsTheUpperHalfOfABinary32) {
  std::vector<std::uint16_t> all(0x10000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  const auto [values, report] = decoded(DType::kBF16, all);
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const std::uint32_t expected = i == 0x8000U ? 0 : i << 16U;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), expected) << i;
  }
  EXPECT_EQ(report.first_non_finite, 0x7F80);
  EXPECT_EQ(report.negative_zeros, 1);
}

TEST(Decode, SinglesKeepTheirBitsButForNegativeZero) {
  std::vector<float> raw;
  for (std::uint64_t i = 0; raw.size() < 10'000; ++i) {  // more than one block
    const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random_bits(1, i)));
    if (std::isfinite(x)) raw.push_back(x);
  }
  raw[5000] = -0.0F;
  raw[5001] = std::numeric_limits<float>::denorm_min();
  auto [values, report] = decoded(DType::kF32, raw);
  EXPECT_EQ(report.negative_zeros, 1);
  EXPECT_EQ(report.first_non_finite, -1);
  EXPECT_EQ(report.rounded, 0);
  raw[5000] = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::bit_cast<std::uint32_t>(raw[i])) << i;
  }
  raw[9000] = std::numeric_limits<float>::quiet_NaN();
  raw[8999] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(decoded(DType::kF32, raw).second.first_non_finite, 8999);
}

TEST(Decode, DoublesRoundOnceToNearestEvenAndAreCounted) {
  const double tie_even = 1 + 0x1p-24;  // between 1 and 1 + 2^-23: the even one is 1
  const double tie_odd = 1 + 0x3p-24;   // between 1 + 2^-23 and 1 + 2^-22
  const double tiny = -0x1p-150;        // half of the smallest subnormal: to zero, never -0
  const double subnormal = 0x1.8p-149;  // 1.5 of the smallest: to 2 (even)
  const auto [values, report] = decoded(
      DType::kF64, std::vector<double>{0.5, tie_even, tie_odd, tiny, subnormal, -0.0, 0x1p-149});
  EXPECT_EQ(values, (std::vector<float>{0.5F, 1, 1 + 0x1p-22F, 0, 0x1p-148F, 0, 0x1p-149F}));
  EXPECT_FALSE(std::signbit(values[3]));
  EXPECT_EQ(report.rounded, 4);
  EXPECT_EQ(report.negative_zeros, 2);
  EXPECT_EQ(report.first_non_finite, -1);
  EXPECT_EQ(decoded(DType::kF64, std::vector<double>{1, 3.5e38}).second.first_non_finite, 1);
}

TEST(Decode, IgnoresTheCallersRounding) {
  std::fesetround(FE_UPWARD);
  const auto [values, report] = decoded(DType::kF64, std::vector<double>{1 + 0x1p-24});
  const int after = std::fegetround();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_EQ(after, FE_UPWARD);
}

TEST(Decode, RefusesOtherTypesAndSizes) {
  std::vector<std::byte> bytes(8);
  std::vector<float> values(1);
  EXPECT_THROW(decode(DType::kI64, bytes, values), Error);
  EXPECT_THROW(decode(DType::kF32, bytes, values), Error);
}

TEST(DType, NamesAreFoundAgain) {
  for (int i = 0; i <= static_cast<int>(DType::kU64); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(find_dtype(dtype_name(dtype)), dtype);
    EXPECT_GE(dtype_bits(dtype), 4);
  }
  EXPECT_EQ(find_dtype("float32"), std::nullopt);
}

}  // namespace
}  // namespace apatite::weights
