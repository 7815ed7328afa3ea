#include "image/pixels/image.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "image/pixels/image_memory.h"

namespace apatite::image {
namespace {

ImageMemory image_memory;

template <class T>
engine::AlignedArray<T> samples_for(std::size_t count) {
  if (image_memory) {
    if (const auto memory = image_memory(count * sizeof(T))) {
      return {std::reinterpret_pointer_cast<T>(memory), count};
    }
  }
  return engine::AlignedArray<T>(count);
}

}  // namespace

void set_image_memory(ImageMemory memory) { image_memory = std::move(memory); }

std::string size_text(Size size) {
  return to_text(size.width) + "x" + to_text(size.height) + " pixels (width x height)";
}

int Image::bit_depth() const {
  return visit_samples(*this, [](auto values) { return 8 * static_cast<int>(sizeof(values[0])); });
}

double Image::max_sample() const {
  switch (bit_depth()) {
    case 8:
      return 255;
    case 16:
      return 65535;
    default:
      return 1;
  }
}

void check_image_size(std::int64_t height, std::int64_t width, std::string_view where) {
  const std::string size = to_text(width) + "x" + to_text(height) + " pixels";
  if (height <= 0 || width <= 0) {
    throw Error(ErrorKind::kBadFile, where, "has the impossible size " + size);
  }
  if (height > kMaxImageSide || width > kMaxImageSide || height > kMaxImagePixels / width) {
    throw Error(ErrorKind::kBadFile, where, "has " + size,
                "at most " + with_thousands(kMaxImageSide) + " per side and " +
                    with_thousands(kMaxImagePixels) + " in all are read");
  }
}

void check_channels(std::int64_t channels, std::string_view where) {
  if (channels >= 1 && channels <= 4) return;
  throw Error(ErrorKind::kBadFile, where, "has " + to_text(channels) + " channels",
              "images of 1 to 4 channels are read");
}

template <class T>
Image make_image(std::int64_t height, std::int64_t width, std::int64_t channels,
                 std::string source) {
  check_image_size(height, width, source);
  check_channels(channels, source);
  Image image;
  image.samples = samples_for<T>(static_cast<std::size_t>(height * width * channels));
  image.height = height;
  image.width = width;
  image.channels = channels;
  image.source = std::move(source);
  return image;
}

template Image make_image<std::uint8_t>(std::int64_t, std::int64_t, std::int64_t, std::string);
template Image make_image<std::uint16_t>(std::int64_t, std::int64_t, std::int64_t, std::string);
template Image make_image<float>(std::int64_t, std::int64_t, std::int64_t, std::string);
template Image make_image<double>(std::int64_t, std::int64_t, std::int64_t, std::string);

Image make_image_like(const Image& like, std::int64_t height, std::int64_t width,
                      std::int64_t channels) {
  return visit_samples(like, [&]<class T>(std::span<const T>) {
    return make_image<T>(height, width, channels, like.source);
  });
}

std::string describe(const Image& image) {
  return to_text(image.width) + "x" + to_text(image.height) + " pixels, " +
         to_text(image.channels) + (image.channels == 1 ? " channel, " : " channels, ") +
         to_text(std::int64_t{image.bit_depth()}) + " bits";
}

Image to_16_bits(const Image& image) {
  Image result = make_image<std::uint16_t>(image.height, image.width, image.channels, image.source);
  visit_samples(image, [&](auto samples) {
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
    const auto least = static_cast<double>(*low);
    const double width = static_cast<double>(*high) - least;
    std::uint16_t* to = result.values<std::uint16_t>().data();
    for (const auto sample : samples) {
      const double place = width > 0 ? (static_cast<double>(sample) - least) / width : 0;
      *to++ = static_cast<std::uint16_t>(std::round(place * 65535));
    }
  });
  return result;
}

std::span<const std::byte> sample_bytes(const Image& image) {
  return visit_samples(image, [](auto values) { return std::as_bytes(values); });
}

}  // namespace apatite::image
