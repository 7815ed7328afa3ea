#include "engine/runtime/chunk_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/random.h"

namespace apatite::engine {
namespace {

TEST(ChunkQueue, GivesTheOwnerTheFrontAndOthersTheBack) {
  ChunkQueue queue;
  EXPECT_EQ(queue.take_front(), std::nullopt) << "nothing is open yet";
  EXPECT_EQ(queue.take_back(), std::nullopt);
  queue.open(4);
  EXPECT_EQ(queue.take_front(), 0);
  EXPECT_EQ(queue.take_back(), 3);
  EXPECT_EQ(queue.take_front(), 1);
  EXPECT_EQ(queue.take_back(), 2);
  EXPECT_EQ(queue.take_back(), std::nullopt);
  EXPECT_EQ(queue.take_front(), std::nullopt);
  queue.finish_taken();
  queue.finish_taken();
  queue.wait_for_taken();
  queue.open(1);
  EXPECT_EQ(queue.take_back(), 0);
  EXPECT_EQ(queue.take_front(), std::nullopt);
  queue.finish_taken();
  queue.wait_for_taken();
}

// Now and then long enough that others overtake, or that a waiting thread goes to sleep.
void delay(std::uint64_t seed, std::uint64_t i) {
  const std::uint64_t bits = random_bits(seed, i);
  if (bits % 512 == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(400));
  } else if (bits % 8 == 0) {
    std::this_thread::yield();
  }
}

// Every thread owns a queue, and helps where it can. The counts are no atomics: nothing but the
// queue keeps two threads from writing one at the same time, and makes a round's counts seen at its
// end. (-fsanitize=thread sees it too.)
TEST(ChunkQueue, HasEveryChunkComputedOnceWhileThreadsHelpEachOther) {
  constexpr std::size_t kThreads = 6;
  constexpr int kRounds = 400;
  struct Work {
    ChunkQueue queue;
    std::vector<int> counts;
  };
  std::vector<Work> work(kThreads);
  std::atomic<std::size_t> owners{kThreads};
  std::atomic<int> helped{0};
  std::atomic<int> wrong{0};

  const auto help = [&](std::size_t thread) {
    for (std::size_t i = 1; i < kThreads; ++i) {
      Work& other = work[(thread + i) % kThreads];
      const auto chunk = other.queue.take_back();
      if (!chunk) continue;
      delay(thread, static_cast<std::uint64_t>(*chunk));
      ++other.counts[static_cast<std::size_t>(*chunk)];
      other.queue.finish_taken();
      ++helped;
    }
  };
  const auto run = [&](std::size_t thread) {
    Work& own = work[thread];
    for (int round = 0; round < kRounds; ++round) {
      const auto bits = random_bits(thread, static_cast<std::uint64_t>(round) + 1'000'000);
      const auto count = static_cast<std::int64_t>(bits % 40);
      own.counts.assign(static_cast<std::size_t>(count), 0);
      own.queue.open(count);
      std::int64_t last = -1;
      while (const auto chunk = own.queue.take_front()) {
        if (*chunk != last + 1) ++wrong;
        last = *chunk;
        delay(thread + kThreads, static_cast<std::uint64_t>(round * std::int64_t{40} + *chunk));
        ++own.counts[static_cast<std::size_t>(*chunk)];
      }
      help(thread);
      own.queue.wait_for_taken();
      for (const int times : own.counts) wrong += times != 1;
    }
    --owners;
    while (owners > 0) help(thread);
  };

  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back(run, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(helped, 0) << "no chunk was taken from the back: the test shows nothing";
}

}  // namespace
}  // namespace apatite::engine
