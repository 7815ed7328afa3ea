// Statistics of the samples of a picture, for people who inspect it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "image/pixels/image.h"

namespace apatite::image {

// Of one channel.
struct ChannelStatistics {
  double least = 0;
  double largest = 0;
  // The sum divided by the number of pixels, rounded once. The sum of integers is exact; that of
  // floating-point samples is in binary64, in reading order.
  double mean = 0;
  std::int64_t at_least = 0;    // number of pixels that have the least value
  std::int64_t at_largest = 0;  // number that have the largest: many suggest a range that was cut
  std::int64_t different = 0;   // number of different values; 0 for floating-point samples
  // Pixels in each of kBins bins of equal width from the least to the largest value. Bin b holds
  // the integers s with floor((s - least) * kBins / (largest - least + 1)) = b. Floating-point
  // samples have the same formula without "+ 1", in binary64, and the largest value is in the last
  // bin. If all values are equal, they are in bin 0.
  std::vector<std::int64_t> histogram;

  static constexpr int kBins = 16;
};

// One entry per channel.
std::vector<ChannelStatistics> statistics_of(const Image& image);

}  // namespace apatite::image
