// Threads of a computation. No result depends on how many there are.
#pragma once

#include <atomic>
#include <cstdint>

namespace apatite {

// 0: as many as the process may use (its CPU affinity mask). Throws Error (kUsage) if negative or
// above 1024.
int resolve_threads(int requested);

// Where the threads of a team wait for each other. It looks for the others for about 0.2 ms and
// then sleeps: OpenMP's own barrier goes on looking for some milliseconds, which stops everybody on
// a machine that has other work.
class Barrier {
 public:
  // Returns when `threads` threads have called it; what each did before is then seen by all.
  void wait(int threads);

 private:
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> phase_{0};
};

}  // namespace apatite
