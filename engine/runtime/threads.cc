#include "engine/runtime/threads.h"

#include <hwy/cache_control.h>
#include <omp.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/text.h"

namespace apatite::engine {

int resolve_threads(int requested) {
  constexpr int kMost = 1024;
  if (requested < 0 || requested > kMost) {
    throw Error(ErrorKind::kUsage, "threads", to_text(std::int64_t{requested}) + " is not possible",
                "pass 1 to 1024, or 0 for all that the process may use");
  }
  return requested == 0 ? omp_get_num_procs() : requested;
}

namespace {

constexpr int kLooks = 3'000;  // about 0.2 ms

}  // namespace

void Idle::wait() {
  if (looks_ < kLooks) {
    ++looks_;
    hwy::Pause();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < kLooks; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    hwy::Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

void Barrier::wait(int threads) {
  const std::uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
    arrived_.store(0, std::memory_order_relaxed);
    phase_.store(phase + 1, std::memory_order_release);
    phase_.notify_all();
    return;
  }
  wait_for_change(phase_, phase);
}

}  // namespace apatite::engine
