// Several draws at once: one number per draw in each, so that the compiler can use vectors.
#pragma once

#include <array>
#include <cstdint>

namespace apatite {

constexpr int kLanes = 8;
using Lanes32 = std::array<std::uint32_t, kLanes>;
using Lanes64 = std::array<std::uint64_t, kLanes>;

// A case in the order of its score.
struct OrderedCase {
  std::uint32_t cluster = 0;
  bool positive = false;
  bool last_of_equals = true;  // false: the next has an equal score
};

}  // namespace apatite
