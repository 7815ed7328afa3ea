// The yardstick of the benchmarks: how fast one core of this machine does nothing but fused
// multiply-adds.
#pragma once

#include <cstdint>
#include <string_view>

namespace apatite {

// Chains of fused multiply-adds in the registers of one instruction set.
struct FmaChains {
  std::string_view isa;
  float (*run)(std::int64_t steps);
  double flops_per_step;
};

// FLOP/s (two per fused multiply-add) of one thread in registers alone, with the vectors that the
// exact backend uses for `isa`: the best of many short runs. Measured once per instruction set.
double fma_peak(std::string_view isa);

}  // namespace apatite
