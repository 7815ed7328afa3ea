// Work that one thread owns and others help with.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace apatite::engine {

// The chunks [0, count) of one thread's work. Cores are not equally fast for long: a neighbour on
// the other half of a core or on the same machine slows down one of them for a while, and equal
// shares are then as slow as the slower core. So the owner takes its chunks one by one from the
// front, in their order, which keeps what it brings into its cache; threads that have nothing left
// to do take from the back. Every chunk is taken once. Who computes it changes no bit: a chunk is
// never divided.
//
// Per round: the owner calls open(), take_front() until it gives nothing, wait_for_taken(). Others
// may call take_back() at any time, and finish_taken() once per chunk that it gave.
class alignas(64) ChunkQueue {  // a cache line each
 public:
  // Every thread that takes a chunk sees what the owner wrote before.
  void open(std::int64_t count);
  std::optional<std::int64_t> take_front();
  std::optional<std::int64_t> take_back();
  void finish_taken();
  // Returns when all that was taken from the back is finished; what was written then is seen.
  void wait_for_taken();

 private:
  std::atomic<std::uint64_t> left_{0};      // begin and end of what is left, 32 bits each
  std::atomic<std::uint32_t> finished_{0};  // chunks that were taken from the back, of all rounds
  std::uint32_t taken_ = 0;                 // likewise, known to the owner at the end of a round
  std::uint32_t count_ = 0;                 // of this round
};

}  // namespace apatite::engine
