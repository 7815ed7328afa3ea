#include "image/recipe/normalize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/text.h"

namespace apatite::image {
namespace {

struct Moments {
  double mean;
  double deviation;
};

// Of samples first, first + stride, ...
template <class T>
Moments moments(std::span<const T> samples, std::size_t first, std::size_t stride) {
  const std::size_t count = (samples.size() - first + stride - 1) / stride;
  const auto n = static_cast<double>(count);
  if constexpr (std::is_integral_v<T>) {
    // At most 2^29 samples below 2^16: sums below 2^45 and 2^61, N Q below 2^90.
    std::uint64_t sum = 0;
    std::uint64_t squares = 0;
    for (std::size_t i = first; i < samples.size(); i += stride) {
      const std::uint64_t value = samples[i];
      sum += value;
      squares += value * value;
    }
    __extension__ using Wide = unsigned __int128;
    const Wide spread = Wide{count} * squares - Wide{sum} * sum;
    return {static_cast<double>(sum) / n, std::sqrt(static_cast<double>(spread) / n / n)};
  } else {
    double sum = 0;
    for (std::size_t i = first; i < samples.size(); i += stride) {
      sum += static_cast<double>(samples[i]);
    }
    const double mean = sum / n;
    double squares = 0;
    for (std::size_t i = first; i < samples.size(); i += stride) {
      const double distance = static_cast<double>(samples[i]) - mean;
      squares += distance * distance;
    }
    return {mean, std::sqrt(squares / n)};
  }
}

// In units of the tensor.
Moments moments_of(const Image& image, double divisor, const Standardize& rule,
                   std::size_t channel) {
  Moments found = visit_samples(image, [&](auto samples) {
    return rule.per_channel ? moments(samples, channel, static_cast<std::size_t>(image.channels))
                            : moments(samples, 0, 1);
  });
  found.mean /= divisor;
  found.deviation = std::max(found.deviation / divisor, rule.least_std);
  if (found.deviation == 0) {
    throw Error(ErrorKind::kBadFile, image.source,
                "has the same value in every pixel, so that it has no standard deviation to divide "
                "by",
                "look at the image, or give the recipe's standardize a least_std");
  }
  return found;
}

template <class T>
void normalize_channel(std::span<const T> samples, std::size_t first, std::size_t stride,
                       double divisor, Moments moments, std::span<float> to) {
  const auto value = [=](T sample) {
    // + 0: no -0 (docs/arithmetic.md, "one zero")
    return static_cast<float>((static_cast<double>(sample) / divisor - moments.mean) /
                              moments.deviation) +
           0.0F;
  };
  const T* from = samples.data() + first;
  if constexpr (sizeof(T) == 1) {
    std::array<float, 256> table;
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = value(static_cast<T>(i));
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = table[from[i * stride]];
  } else {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(from[i * stride]);
  }
}

}  // namespace

engine::Tensor normalize(const Image& image, double divisor, const Normalization& rule) {
  const auto channels = static_cast<std::size_t>(rule.channels);
  const auto stride = static_cast<std::size_t>(image.channels);
  auto tensor = engine::Tensor::uninitialized(
      engine::Shape{rule.channels, image.height, image.width}.with_batch(1));
  const auto pixels = static_cast<std::size_t>(image.height * image.width);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t channel = stride == 1 ? 0 : rule.reversed ? stride - 1 - c : c;
    const Moments used = rule.standardize ? moments_of(image, divisor, *rule.standardize, channel)
                                          : Moments{rule.mean[c], rule.std[c]};
    visit_samples(image, [&](auto samples) {
      normalize_channel(samples, channel, stride, divisor, used,
                        tensor.values().subspan(c * pixels, pixels));
    });
  }
  if (const std::int64_t index = engine::first_non_finite(tensor.values()); index >= 0) {
    throw Error(ErrorKind::kNumeric, image.source,
                "gives a value beyond binary32 at element " + to_text(index) + " of its tensor",
                "check divide_by, mean and std of the recipe");
  }
  return tensor;
}

}  // namespace apatite::image
