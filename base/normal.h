// Nearly normal random numbers without logarithms or sines, so that they have the same bits
// everywhere.
#pragma once

#include <cstdint>

namespace apatite {

// Number `counter` of stream `seed`: the sum of twelve uniform numbers random_unit(seed, 12 *
// counter + i), each plus 2^-25 to be symmetric, minus 6: mean 0, variance 1 (less 2^-48), within
// +-6, all sums exact in binary64. Its distribution function (Irwin-Hall) is within 0.003 of the
// normal one.
double normal_number(std::uint64_t seed, std::uint64_t counter);

}  // namespace apatite
