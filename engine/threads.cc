#include "engine/threads.h"

#include <hwy/cache_control.h>
#include <omp.h>

#include "base/error.h"
#include "base/text.h"

namespace apatite {

int resolve_threads(int requested) {
  constexpr int kMost = 1024;
  if (requested < 0 || requested > kMost) {
    throw Error(ErrorKind::kUsage, "threads", to_text(std::int64_t{requested}) + " is not possible",
                "pass 1 to 1024, or 0 for all that the process may use");
  }
  return requested == 0 ? omp_get_num_procs() : requested;
}

void Barrier::wait(int threads) {
  const std::uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    phase_.notify_all();
    return;
  }
  constexpr int kLooks = 3'000;
  for (int i = 0; i < kLooks; ++i) {
    if (phase_.load(std::memory_order_acquire) != phase) return;
    hwy::Pause();
  }
  phase_.wait(phase, std::memory_order_acquire);
}

}  // namespace apatite
