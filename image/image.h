// A decoded picture: interleaved integer or binary32 samples, stored without loss.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "engine/tensor.h"

namespace apatite {

// Limits of every reader and of every recipe: what DICOM's Rows and Columns can say, and about six
// times the largest mammogram.
constexpr std::int64_t kMaxImageSide = 65'535;
constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 27;

// Sample c of the pixel in row y and column x is samples[(y * width + x) * channels + c].
// channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (alpha not premultiplied; its largest
// value is opaque). Values are as the file has them: no gamma, no colour management.
struct Image {
  using Samples =
      std::variant<AlignedArray<std::uint8_t>, AlignedArray<std::uint16_t>, AlignedArray<float>>;

  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t channels = 0;
  Samples samples;
  std::string source;  // the file, for messages

  // Bits of a sample: 8 or 16 (unsigned integers) or 32 (binary32).
  [[nodiscard]] int bit_depth() const;
  // The sample that means white or opaque: 255, 65535 or 1.
  [[nodiscard]] double max_sample() const;
  [[nodiscard]] bool has_alpha() const { return channels == 2 || channels == 4; }

  template <class T>
  [[nodiscard]] std::span<T> values() {
    auto& array = std::get<AlignedArray<T>>(samples);
    return {array.data(), array.size()};
  }
  template <class T>
  [[nodiscard]] std::span<const T> values() const {
    const auto& array = std::get<AlignedArray<T>>(samples);
    return {array.data(), array.size()};
  }
};

// An image with uninitialised samples of type T (std::uint8_t, std::uint16_t or float).
// Throws Error (kBadFile, `source`) if a size is not positive or exceeds the limits above.
template <class T>
Image make_image(std::int64_t height, std::int64_t width, std::int64_t channels,
                 std::string source = "image");

// make_image with the sample type of `like`.
Image make_image_like(const Image& like, std::int64_t height, std::int64_t width,
                      std::int64_t channels);

// Throws Error (kBadFile, `where`) unless 1 <= height, width <= kMaxImageSide and their product is
// at most kMaxImagePixels.
void check_image_size(std::int64_t height, std::int64_t width, std::string_view where);

// "2560x3328 pixels, 1 channel, 16 bits", for messages.
std::string describe(const Image& image);

// The samples as bytes, in this machine's byte order.
std::span<const std::byte> sample_bytes(const Image& image);

// Calls `function` with the samples as std::span<const T>.
template <class Function>
decltype(auto) visit_samples(const Image& image, Function&& function) {
  return std::visit(
      [&](const auto& array) { return function(std::span(array.data(), array.size())); },
      image.samples);
}

}  // namespace apatite
