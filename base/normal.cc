#include "base/normal.h"

#include "base/random.h"

namespace apatite {

double normal_number(std::uint64_t seed, std::uint64_t counter) {
  constexpr std::uint64_t kTerms = 12;
  double sum = 0;
  for (std::uint64_t i = 0; i < kTerms; ++i) {
    sum += static_cast<double>(random_unit(seed, kTerms * counter + i)) + 0x1p-25;
  }
  return sum - 6;
}

}  // namespace apatite
