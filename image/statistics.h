// What values a picture holds, for people who look at it.
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
  double mean = 0;            // integers: the exact sum, divided once; else the sum in their order
  std::int64_t at_least = 0;  // pixels that have the least value
  std::int64_t at_largest = 0;  // and the largest: many of them hint at a cut range
  std::int64_t different = 0;   // values that occur; 0 if not counted (floating point)
  // kBins bins of equal width from the least to the largest value: bin b holds the samples s with
  // floor((s - least) * kBins / (largest - least + 1)) = b for integers; without the + 1, the
  // largest in the last bin, in binary64 otherwise. All in bin 0 if there is one value.
  std::vector<std::int64_t> histogram;

  static constexpr int kBins = 16;
};

// One entry per channel.
std::vector<ChannelStatistics> statistics_of(const Image& image);

}  // namespace apatite::image
