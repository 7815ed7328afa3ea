// The project's one random generator: counter-based, so that any thread can draw any number and the
// same seed gives the same bits on every machine.
#pragma once

#include <cstdint>

namespace apatite {

// The `counter`-th 64 random bits of stream `seed`: the finaliser of SplitMix64 (Steele, Lea, Flood
// 2014, "Fast splittable pseudorandom number generators", with Stafford's constants "variant 13")
// applied to seed + (counter + 1) * 0x9e3779b97f4a7c15, which is the SplitMix64 sequence itself.
constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// A stream of its own for each pair, e.g. (the user's seed, the number of the tensor).
constexpr std::uint64_t random_stream(std::uint64_t seed, std::uint64_t index) {
  return random_bits(random_bits(seed, 0), index);
}

// Uniform on the 2^24 points k / 2^24 of [0, 1), exact.
constexpr float random_unit(std::uint64_t seed, std::uint64_t counter) {
  return static_cast<float>(random_bits(seed, counter) >> 40U) * 0x1p-24F;
}

// Uniform on the 2^25 - 1 points k / 2^24 of (-1, 1), exact, never -0.
constexpr float random_symmetric(std::uint64_t seed, std::uint64_t counter) {
  const auto k = static_cast<std::int64_t>(random_bits(seed, counter) % 0x1ffffffU) - 0xffffff;
  return static_cast<float>(k) * 0x1p-24F;
}

}  // namespace apatite
