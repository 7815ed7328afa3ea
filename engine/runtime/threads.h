// Threads of a computation. No result depends on how many there are.
#pragma once

#include <atomic>
#include <cstdint>

namespace apatite::engine {

// 0: as many as the process may use (its CPU affinity mask). Throws Error (kUsage) if negative or
// above 1024.
int resolve_threads(int requested);

// Returns when `value` is no longer `old`, after which what its writer released is seen. It looks
// for about 0.2 ms and then sleeps (so the writer must notify): OpenMP's own barrier goes on
// looking for some milliseconds, which stops everybody on a machine that has other work.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old);

// For a loop that looks for work and finds none: looks on for about 0.2 ms, then sleeps 0.1 ms
// between looks.
class Idle {
 public:
  void wait();

 private:
  int looks_ = 0;
};

// Where the threads of a team wait for each other.
class Barrier {
 public:
  // Returns when `threads` threads have called it; what each did before is then seen by all.
  void wait(int threads);

 private:
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> phase_{0};
};

}  // namespace apatite::engine
