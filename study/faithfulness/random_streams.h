// Where the random numbers of a run come from.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace apatite::study {

// What random numbers are drawn for. Each purpose has a stream of its own, so that no number is
// used twice.
enum class RandomPurpose : std::uint64_t {
  kOrderOfEqualPixels = 1,
  kRandomMap = 2,
  kBootstrap = 3,
  kRandomWeights = 4,
};

inline std::uint64_t stream_for(RandomPurpose purpose, std::uint64_t seed) {
  return random_stream(seed, static_cast<std::uint64_t>(purpose));
}

}  // namespace apatite::study
