// A decoded picture: interleaved integer or floating-point samples, stored without loss.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/graph/tensor.h"
#include "image/pixels/box.h"

namespace apatite::image {

// Limits of every reader and of every recipe: what DICOM's Rows and Columns can say, and about six
// times the largest mammogram.
constexpr std::int64_t kMaxImageSide = 65'535;
constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 27;

// "300x200 pixels (width x height)", for messages.
std::string size_text(Size size);

// Which breast, where a file or a manifest says it.
enum class Laterality { kUnknown, kLeft, kRight };

// What a reader found out about a file beside its samples, for people: {"compression", "JPEG
// Lossless"}. No computation reads it.
using ImageFacts = std::vector<std::pair<std::string, std::string>>;

// Sample c of the pixel in row y and column x is samples[(y * width + x) * channels + c].
// channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (alpha not premultiplied; its largest
// value is opaque). Values are as the file has them: no gamma, no colour management. binary64
// samples come from no file, but from steps of a recipe that must not round.
struct Image {
  using Samples =
      std::variant<engine::AlignedArray<std::uint8_t>, engine::AlignedArray<std::uint16_t>,
                   engine::AlignedArray<float>, engine::AlignedArray<double>>;

  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t channels = 0;
  Samples samples;
  std::string source;  // the file, for messages
  // EXIF's Orientation as stored (1 to 8; 1, also if the file has none: as it should be seen), or
  // kUnreadableOrientation if the EXIF data is damaged. The samples are as stored.
  int orientation = 1;
  Laterality laterality = Laterality::kUnknown;  // as the file says
  ImageFacts facts;

  static constexpr int kUnreadableOrientation = -1;

  // Bits of a sample: 8 or 16 (unsigned integers), 32 (binary32) or 64 (binary64).
  [[nodiscard]] int bit_depth() const;
  // The sample that means white or opaque: 255, 65535 or 1.
  [[nodiscard]] double max_sample() const;
  [[nodiscard]] bool has_alpha() const { return channels == 2 || channels == 4; }

  template <class T>
  [[nodiscard]] std::span<T> values() {
    auto& array = std::get<engine::AlignedArray<T>>(samples);
    return {array.data(), array.size()};
  }
  template <class T>
  [[nodiscard]] std::span<const T> values() const {
    const auto& array = std::get<engine::AlignedArray<T>>(samples);
    return {array.data(), array.size()};
  }
};

// An image with uninitialised samples of type T (std::uint8_t, std::uint16_t, float or
// double).
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
// Unless 1 <= channels <= 4.
void check_channels(std::int64_t channels, std::string_view where);

// "2560x3328 pixels, 1 channel, 16 bits", for messages.
std::string describe(const Image& image);

// The samples as bytes, in this machine's byte order.
std::span<const std::byte> sample_bytes(const Image& image);

// Floating-point samples as 16-bit ones, to be looked at: from the least (0) to the largest (65535)
// sample of the image, (s - least) / (largest - least) * 65535 in binary64, rounded half away from
// 0; one value everywhere is 0.
Image to_16_bits(const Image& image);

// Calls `function` with the samples as std::span<const T>.
template <class Function>
decltype(auto) visit_samples(const Image& image, Function&& function) {
  return std::visit(
      [&](const auto& array) { return function(std::span(array.data(), array.size())); },
      image.samples);
}

}  // namespace apatite::image
