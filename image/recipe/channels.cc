#include "image/recipe/channels.h"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/text.h"

namespace apatite::image {
namespace {

std::string pixel(const Image& image, std::size_t index) {
  const auto i = static_cast<std::int64_t>(index);
  return "row " + to_text(i / image.width) + ", column " + to_text(i % image.width);
}

// Index of the first pixel that is not opaque, or the number of pixels.
template <class T>
std::size_t first_not_opaque(std::span<const T> samples, std::size_t channels) {
  const std::size_t pixels = samples.size() / channels;
  for (std::size_t i = 0; i < pixels; ++i) {
    if (samples[i * channels + channels - 1] != std::numeric_limits<T>::max()) return i;
  }
  return pixels;
}

template <class T>
T over(T colour, T alpha, std::uint64_t background) {
  constexpr std::uint64_t kMax = std::numeric_limits<T>::max();
  return static_cast<T>((std::uint64_t{colour} * alpha + background * (kMax - alpha) + kMax / 2) /
                        kMax);
}

// Weights of red, green and blue: integers that add up to 2^bits.
struct GreyWeights {
  std::uint64_t red, green, blue;
  unsigned bits;
};

const GreyWeights& weights_of(GreyRule rule) {
  static constexpr GreyWeights kPillow{19595, 38470, 7471, 16};
  static constexpr GreyWeights kOpenCv{9798, 19235, 3735, 15};
  static constexpr GreyWeights kRec709{13933, 46871, 4732, 16};
  return rule == GreyRule::kPillow ? kPillow : rule == GreyRule::kOpenCv ? kOpenCv : kRec709;
}

template <class T>
T weighted(const T* rgb, const GreyWeights& w) {
  if constexpr (std::is_integral_v<T>) {
    const std::uint64_t half = std::uint64_t{1} << (w.bits - 1);
    return static_cast<T>((w.red * rgb[0] + w.green * rgb[1] + w.blue * rgb[2] + half) >> w.bits);
  } else {
    const double sum = static_cast<double>(w.red) * static_cast<double>(rgb[0]) +
                       static_cast<double>(w.green) * static_cast<double>(rgb[1]) +
                       static_cast<double>(w.blue) * static_cast<double>(rgb[2]);
    return static_cast<T>(sum / static_cast<double>(std::uint64_t{1} << w.bits));
  }
}

Image grey_from_equal_channels(const Image& image) {
  Image result = make_image_like(image, image.height, image.width, 1);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      const T* rgb = from.data() + 3 * i;
      if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) {
        throw Error(
            ErrorKind::kBadFile, image.source,
            "is a colour image (first at " + pixel(image, i) + ") where the recipe takes 1 channel",
            "convert it to grey, or say in the recipe how: \"grey\": \"pillow\", \"opencv\" or "
            "\"rec709\"");
      }
      to[i] = rgb[0];
    }
  });
  return result;
}

}  // namespace

Image remove_alpha(const Image& image, AlphaRule rule) {
  const auto channels = static_cast<std::size_t>(image.channels);
  Image result = make_image_like(image, image.height, image.width, image.channels - 1);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    if constexpr (std::is_integral_v<T>) {
      const std::size_t pixels = from.size() / channels;
      const std::size_t clear = first_not_opaque(from, channels);
      if (clear < pixels && rule == AlphaRule::kRefuse) {
        throw Error(ErrorKind::kBadFile, image.source,
                    "has an alpha channel that is not opaque at " + pixel(image, clear),
                    "say in the recipe what to do: \"alpha\": \"ignore\", \"black\" or \"white\"");
      }
      const bool blend = rule == AlphaRule::kBlack || rule == AlphaRule::kWhite;
      const std::uint64_t background =
          rule == AlphaRule::kWhite ? std::numeric_limits<T>::max() : 0;
      T* to = result.values<T>().data();
      for (std::size_t i = 0; i < pixels; ++i) {
        const T* colours = from.data() + i * channels;
        const T alpha = blend ? colours[channels - 1] : std::numeric_limits<T>::max();
        for (std::size_t c = 0; c + 1 < channels; ++c) *to++ = over(colours[c], alpha, background);
      }
    } else {
      throw Error(ErrorKind::kBadFile, image.source, "has floating-point samples and alpha",
                  "store it without alpha");
    }
  });
  return result;
}

Image grey_from_rgb(const Image& image, GreyRule rule) {
  if (rule == GreyRule::kEqual) return grey_from_equal_channels(image);
  const GreyWeights& weights = weights_of(rule);
  Image result = make_image_like(image, image.height, image.width, 1);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = weighted(from.data() + 3 * i, weights);
  });
  return result;
}

}  // namespace apatite::image
