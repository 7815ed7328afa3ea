#include "engine/runtime/chunk_queue.h"

#include "engine/runtime/threads.h"

namespace apatite::engine {
namespace {

struct Range {
  std::uint32_t begin;
  std::uint32_t end;
};

std::uint64_t pack(Range range) { return std::uint64_t{range.begin} << 32U | range.end; }

Range unpack(std::uint64_t left) {
  return {static_cast<std::uint32_t>(left >> 32U), static_cast<std::uint32_t>(left)};
}

}  // namespace

// Memory order. open() releases and take_back() acquires: the exchanges in between are all
// read-modify-writes, which hand on what open() released. The owner needs no order for its own
// chunks. finish_taken() releases and wait_for_taken() acquires. A take_back() that is slow and
// exchanges the same value of a later round has a chunk of that round, and sees what its open()
// released: the value says all there is to know.

void ChunkQueue::open(std::int64_t count) {
  count_ = static_cast<std::uint32_t>(count);
  left_.store(pack({0, count_}), std::memory_order_release);
}

std::optional<std::int64_t> ChunkQueue::take_front() {
  std::uint64_t left = left_.load(std::memory_order_relaxed);
  for (;;) {
    const Range range = unpack(left);
    if (range.begin == range.end) {
      taken_ += count_ - range.begin;
      count_ = range.begin;
      return std::nullopt;
    }
    if (left_.compare_exchange_weak(left, pack({range.begin + 1, range.end}),
                                    std::memory_order_relaxed)) {
      return range.begin;
    }
  }
}

std::optional<std::int64_t> ChunkQueue::take_back() {
  std::uint64_t left = left_.load(std::memory_order_relaxed);
  for (;;) {
    const Range range = unpack(left);
    if (range.begin == range.end) return std::nullopt;
    if (left_.compare_exchange_weak(left, pack({range.begin, range.end - 1}),
                                    std::memory_order_acquire, std::memory_order_relaxed)) {
      return range.end - 1;
    }
  }
}

void ChunkQueue::finish_taken() {
  finished_.fetch_add(1, std::memory_order_release);
  finished_.notify_one();
}

void ChunkQueue::wait_for_taken() {
  for (;;) {
    const std::uint32_t finished = finished_.load(std::memory_order_acquire);
    if (finished == taken_) return;
    wait_for_change(finished_, finished);
  }
}

}  // namespace apatite::engine
