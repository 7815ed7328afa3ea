#include "bench/fma_peak.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include "base/error.h"

// The targets of engine/exact/kernels.cc.
#if defined(__x86_64__)
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_SCALAR | HWY_EMU128))
#elif defined(__aarch64__)
#define HWY_DISABLED_TARGETS (~(HWY_NEON | HWY_SCALAR | HWY_EMU128))
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/fma_peak.cc"
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "engine/exact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

// Enough chains to hide a latency of 4 to 6 cycles on two units, few enough for 16 registers.
constexpr int kChains = 12;

// Runs `steps` fused multiply-adds in each chain; returns something that depends on all of them.
float fma_chains(std::int64_t steps) {
  const Vector factor = hn::Set(kFloats, 0.5F);
  const Vector term = hn::Set(kFloats, 1.0F);
  Vector chains[kChains];
  for (Vector& chain : chains) chain = hn::Iota(kFloats, 1.0F);
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) chains[i] = fused_multiply_add(chains[i], factor, term);
  }
  Vector sum = hn::Zero(kFloats);
  for (const Vector& chain : chains) sum = hn::Add(sum, chain);
  return hn::GetLane(sum);
}

FmaChains chains() {
  return {isa_name(), &fma_chains, 2.0 * kChains * static_cast<double>(kLanes)};
}

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace apatite {
namespace {

FmaChains find_chains(std::string_view isa) {
  const FmaChains all[] = {
#if HWY_TARGETS & HWY_AVX3
    engine::exact::N_AVX3::chains(),
#endif
#if HWY_TARGETS & HWY_AVX2
    engine::exact::N_AVX2::chains(),
#endif
#if HWY_TARGETS & HWY_NEON
    exact::N_NEON::chains(),
#endif
    engine::exact::HWY_STATIC_DISPATCH(chains)(),
  };
  const auto* found = std::find_if(std::begin(all), std::end(all),
                                   [&](const FmaChains& c) { return c.isa == isa; });
  if (found == std::end(all)) {
    throw Error(ErrorKind::kInternal, "fma_peak", "no chains for " + std::string(isa));
  }
  return *found;
}

double measure(const FmaChains& chains) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRuns = 50;
  constexpr std::int64_t kSteps = 100'000;
  double best = 0;
  volatile float sink = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    sink = chains.run(kSteps);
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    best = std::max(best, chains.flops_per_step * static_cast<double>(kSteps) / elapsed.count());
  }
  static_cast<void>(sink);
  return best;
}

}  // namespace

double fma_peak(std::string_view isa) {
  static std::map<std::string, double, std::less<>> known;
  const auto found = known.find(isa);
  if (found != known.end()) return found->second;
  return known.emplace(isa, measure(find_chains(isa))).first->second;
}

}  // namespace apatite
#endif
