#include "study/run/ordered_loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "base/random.h"

namespace apatite::study {
namespace {

TEST(OrderedLoader, KeepsTheOrderWhateverFinishesFirst) {
  for (const std::size_t workers : {1U, 2U, 5U}) {
    for (const std::size_t ahead : {1U, 3U, 64U}) {
      OrderedLoader<std::size_t> loader(3, 200, workers, ahead, [](std::size_t i) {
        std::this_thread::sleep_for(std::chrono::microseconds(random_bits(1, i) % 200));
        return i * i;
      });
      for (std::size_t i = 3; i < 200; ++i) ASSERT_EQ(loader.next(), i * i);
    }
  }
}

TEST(OrderedLoader, StaysWithinItsBound) {
  std::atomic<std::size_t> consumed = 0;
  std::atomic<bool> too_far = false;
  OrderedLoader<std::size_t> loader(0, 100, 4, 5, [&](std::size_t i) {
    // next() counts the item before this thread can see it taken: one more may have begun.
    if (i >= consumed + 5 + 1) too_far = true;
    return i;
  });
  for (std::size_t i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
    ASSERT_EQ(loader.next(), i);
    ++consumed;
  }
  EXPECT_FALSE(too_far);
}

TEST(OrderedLoader, ThrowsInTurn) {
  OrderedLoader<std::string> loader(0, 4, 2, 4, [](std::size_t i) -> std::string {
    if (i == 1) throw std::runtime_error("one");
    return std::to_string(i);
  });
  EXPECT_EQ(loader.next(), "0");
  EXPECT_THROW((void)loader.next(), std::runtime_error);
  EXPECT_EQ(loader.next(), "2");
  EXPECT_EQ(loader.next(), "3");
}

TEST(OrderedLoader, CanBeLeftAtAnyMoment) {
  for (std::size_t taken = 0; taken < 10; ++taken) {
    OrderedLoader<std::size_t> loader(0, 1000, 3, 4, [](std::size_t i) { return i; });
    for (std::size_t i = 0; i < taken; ++i) ASSERT_EQ(loader.next(), i);
  }
  const OrderedLoader<std::size_t> empty(5, 5, 2, 4, [](std::size_t i) { return i; });
}

}  // namespace
}  // namespace apatite::study
