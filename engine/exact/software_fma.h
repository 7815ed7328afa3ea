// Fused multiply-add where the instruction set has none, without leaving the registers.
#pragma once

#include <bit>
#include <cstdint>

namespace apatite::engine::exact {

// Whether rounding `sum`, a binary64 number next to an exact sum, to binary32 gives what rounding
// the exact sum gives. Rounding is monotonic, and every number midway between two neighbours of
// binary32 in the range of its normal numbers is a binary64 number: so the exact sum lies on that
// side of each of them on which `sum` lies, unless `sum` is one of them. Says yes for all but one
// in 2^29 sums; zeros are exact (nothing underflows to them in binary64).
inline bool rounds_alike(double sum) {
  constexpr std::uint64_t kTail = (1U << 29U) - 1;  // the bits that binary32 lacks
  constexpr std::uint64_t kLeastNormal = std::bit_cast<std::uint64_t>(0x1p-126);
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  const std::uint64_t magnitude = bits & ~(1ULL << 63U);
  return (static_cast<unsigned>((bits & kTail) != 1U << 28U) &
          static_cast<unsigned>(magnitude - 1 >= kLeastNormal - 1)) != 0;
}

// a * b + c rounded once to binary32: the bits of std::fma, for finite results and infinities.
//
// The product is exact in binary64 (24 + 24 <= 53 bits). The sum is rounded to odd: to nearest, its
// error by TwoSum (Knuth 1997, section 4.2.2), and, if it is not exact, to that neighbour whose
// last bit is 1. Rounding that to binary32 gives what rounding the exact sum gives, subnormal
// results included, since 53 >= 24 + 2 (Boldo, Melquiond 2008, "Emulation of FMA and correctly
// rounded sums: proved algorithms using rounding to odd", theorem 3.4).
inline float software_fma(float a, float b, float c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c;
  const double sum = product + addend;
  if (rounds_alike(sum)) return static_cast<float>(sum);
  const double from_addend = sum - product;
  const double error = (product - (sum - from_addend)) + (addend - from_addend);
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  const bool inexact = error != 0;
  const bool away_from_zero = (error > 0) == (sum > 0);
  const std::uint64_t odd =
      (bits & 1U) != 0 || !inexact ? bits : bits + (away_from_zero ? 1U : ~0ULL);
  return static_cast<float>(std::bit_cast<double>(odd));
}

}  // namespace apatite::engine::exact
