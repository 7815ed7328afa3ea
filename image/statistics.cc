#include "image/statistics.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace apatite::image {
namespace {

constexpr int kBins = ChannelStatistics::kBins;

// Counts how often each integer value occurs; the rest follows from that.
template <class T>
ChannelStatistics integers(std::span<const T> samples, std::size_t first, std::size_t stride) {
  std::vector<std::int64_t> counts(std::size_t{std::numeric_limits<T>::max()} + 1);
  for (std::size_t i = first; i < samples.size(); i += stride) ++counts[samples[i]];
  ChannelStatistics result;
  std::int64_t sum = 0;
  std::int64_t pixels = 0;
  std::int64_t least = -1;
  std::int64_t largest = 0;
  for (std::size_t value = 0; value < counts.size(); ++value) {
    if (counts[value] == 0) continue;
    const auto v = static_cast<std::int64_t>(value);
    if (least < 0) least = v;
    largest = v;
    sum += v * counts[value];
    pixels += counts[value];
    ++result.different;
  }
  result.histogram.resize(kBins);
  for (std::int64_t v = least; v <= largest; ++v) {
    const auto bin = static_cast<std::size_t>((v - least) * kBins / (largest - least + 1));
    result.histogram[bin] += counts[static_cast<std::size_t>(v)];
  }
  result.least = static_cast<double>(least);
  result.largest = static_cast<double>(largest);
  result.mean = static_cast<double>(sum) / static_cast<double>(pixels);
  result.at_least = counts[static_cast<std::size_t>(least)];
  result.at_largest = counts[static_cast<std::size_t>(largest)];
  return result;
}

template <class T>
ChannelStatistics reals(std::span<const T> samples, std::size_t first, std::size_t stride) {
  ChannelStatistics result;
  result.least = std::numeric_limits<double>::infinity();
  result.largest = -result.least;
  double sum = 0;
  double pixels = 0;
  for (std::size_t i = first; i < samples.size(); i += stride) {
    const auto value = static_cast<double>(samples[i]);
    result.least = std::min(result.least, value);
    result.largest = std::max(result.largest, value);
    sum += value;
    ++pixels;
  }
  result.mean = sum / pixels;
  result.histogram.resize(kBins);
  const double width = result.largest - result.least;
  for (std::size_t i = first; i < samples.size(); i += stride) {
    const auto value = static_cast<double>(samples[i]);
    result.at_least += value == result.least ? 1 : 0;
    result.at_largest += value == result.largest ? 1 : 0;
    const double place = width > 0 ? (value - result.least) / width * kBins : 0;
    ++result.histogram[static_cast<std::size_t>(std::clamp(place, 0.0, kBins - 1.0))];
  }
  return result;
}

}  // namespace

std::vector<ChannelStatistics> statistics_of(const Image& image) {
  std::vector<ChannelStatistics> result;
  const auto channels = static_cast<std::size_t>(image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> samples) {
    for (std::size_t c = 0; c < channels; ++c) {
      if constexpr (std::is_integral_v<T>) {
        result.push_back(integers(samples, c, channels));
      } else {
        result.push_back(reals(samples, c, channels));
      }
    }
  });
  return result;
}

}  // namespace apatite::image
