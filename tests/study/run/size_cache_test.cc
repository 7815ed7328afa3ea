#include "study/run/size_cache.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace apatite::study {
namespace {

TEST(SizeCache, CompilesASizeOnceAndForgetsTheOneUsedLongestAgo) {
  SizeCache<std::string> cache;
  std::string compiled;
  const auto get = [&](int height, int width) {
    return cache.get(height, width, [&] {
      const std::string size = std::to_string(height) + "x" + std::to_string(width) + " ";
      compiled += size;
      return size;
    });
  };
  EXPECT_EQ(get(1, 2), "1x2 ");
  EXPECT_EQ(get(2, 1), "2x1 ");
  EXPECT_EQ(get(1, 2), "1x2 ");
  EXPECT_EQ(compiled, "1x2 2x1 ");
  static_assert(SizeCache<std::string>::kMostSizes == 4);
  get(3, 3);
  get(4, 4);
  get(1, 2);
  get(5, 5);  // instead of 2x1
  EXPECT_EQ(compiled, "1x2 2x1 3x3 4x4 5x5 ");
  get(1, 2);
  get(3, 3);
  EXPECT_EQ(compiled, "1x2 2x1 3x3 4x4 5x5 ");
  get(2, 1);
  EXPECT_EQ(compiled, "1x2 2x1 3x3 4x4 5x5 2x1 ");
}

TEST(SizeCache, StaysAsItIsIfCompilingFails) {
  SizeCache<int> cache;
  int compiled = 0;
  for (int size = 1; size <= 4; ++size) cache.get(size, size, [&] { return ++compiled; });
  EXPECT_THROW(cache.get(9, 9, []() -> int { throw std::runtime_error("too small"); }),
               std::runtime_error);
  for (int size = 1; size <= 4; ++size) {
    EXPECT_EQ(cache.get(size, size, [&] { return ++compiled; }), size);
  }
}

}  // namespace
}  // namespace apatite::study
