#include "image/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

TEST(Statistics, CountsWhatIsThere) {
  const auto image = image_of<std::uint16_t>(2, 3, 1, {10, 10, 41, 25, 26, 41});
  const auto all = statistics_of(image);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].least, 10);
  EXPECT_EQ(all[0].largest, 41);
  EXPECT_EQ(all[0].mean, 153.0 / 6);
  EXPECT_EQ(all[0].at_least, 2);
  EXPECT_EQ(all[0].at_largest, 2);
  EXPECT_EQ(all[0].different, 4);
  // 32 values in 16 bins: two per bin.
  EXPECT_EQ(all[0].histogram,
            (std::vector<std::int64_t>{2, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2}));
}

TEST(Statistics, LooksAtEachChannel) {
  const auto image = image_of<std::uint8_t>(1, 2, 3, {1, 2, 3, 5, 2, 255});
  const auto all = statistics_of(image);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].largest, 5);
  EXPECT_EQ(all[1].histogram[0], 2);
  EXPECT_EQ(all[1].different, 1);
  EXPECT_EQ(all[2].mean, 129);
}

TEST(Statistics, BinsRealNumbersToo) {
  const auto image = image_of<float>(1, 4, 1, {-1, 0, 0.999F, 1});
  const auto all = statistics_of(image);
  EXPECT_EQ(all[0].least, -1);
  EXPECT_EQ(all[0].at_largest, 1);
  EXPECT_EQ(all[0].histogram[0], 1);
  EXPECT_EQ(all[0].histogram[8], 1);
  EXPECT_EQ(all[0].histogram[15], 2);
  EXPECT_EQ(statistics_of(image_of<float>(1, 2, 1, {3, 3}))[0].histogram[0], 2);
}

TEST(Statistics, HistogramsHoldEveryPixel) {
  for (const auto& channel : statistics_of(seeded_image<std::uint16_t>(1, 57, 43, 3))) {
    EXPECT_EQ(std::accumulate(channel.histogram.begin(), channel.histogram.end(), std::int64_t{0}),
              57 * 43);
  }
}

TEST(To16Bits, SpansTheRange) {
  const auto image = image_of<float>(1, 4, 1, {-1, 0, 1, -1});
  EXPECT_EQ(samples_of<std::uint16_t>(to_16_bits(image)),
            (std::vector<std::uint16_t>{0, 32768, 65535, 0}));
  EXPECT_EQ(samples_of<std::uint16_t>(to_16_bits(image_of<float>(1, 1, 1, {7}))),
            std::vector<std::uint16_t>{0});
}

}  // namespace
}  // namespace apatite::image
