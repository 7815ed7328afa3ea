#include "image/codec/exif.h"

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"

namespace apatite::image {
namespace {

constexpr std::size_t kEntryBytes = 12;
constexpr unsigned kOrientationTag = 0x0112;
constexpr unsigned kShort = 3;

// Reads a TIFF structure in its own byte order; nothing beyond its end.
class TiffReader {
 public:
  explicit TiffReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    const std::string_view text = as_text(bytes);
    big_ = text.starts_with(std::string_view("MM\0*", 4));
    valid_ = big_ || text.starts_with(std::string_view("II*\0", 4));
  }
  [[nodiscard]] bool valid() const { return valid_; }

  template <class T>
  [[nodiscard]] std::optional<T> at(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return {};
    const std::byte* from = bytes_.data() + offset;
    return big_ ? load_big<T>(from) : load_little<T>(from);
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_ = false;
  bool valid_ = false;
};

// The value of an entry that holds one SHORT.
std::optional<int> one_short(const TiffReader& tiff, std::size_t entry) {
  if (tiff.at<std::uint16_t>(entry + 2) != kShort) return {};
  if (tiff.at<std::uint32_t>(entry + 4) != 1U) return {};
  return tiff.at<std::uint16_t>(entry + 8);
}

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  const TiffReader reader(tiff);
  const auto directory = reader.at<std::uint32_t>(4);
  if (!reader.valid() || !directory) return Image::kUnreadableOrientation;
  const auto entries = reader.at<std::uint16_t>(*directory);
  if (!entries) return Image::kUnreadableOrientation;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + i * kEntryBytes;
    const auto tag = reader.at<std::uint16_t>(entry);
    if (!tag) return Image::kUnreadableOrientation;
    if (*tag != kOrientationTag) continue;
    const int value = one_short(reader, entry).value_or(0);
    return value >= 1 && value <= 8 ? value : Image::kUnreadableOrientation;
  }
  return 1;
}

void note_orientation(int orientation, ImageFacts& facts) {
  if (orientation == 1) return;
  facts.emplace_back("EXIF orientation", orientation == Image::kUnreadableOrientation
                                             ? "unreadable"
                                             : to_text(std::int64_t{orientation}));
}

Size upright_size(const Image& image) {
  return image.orientation >= 5 ? Size{image.width, image.height} : Size{image.height, image.width};
}

Image upright(const Image& image) {
  // Orientation says which side of the stored picture is the top and the left of the seen one: the
  // seen pixel (y, x) is the stored one (row, column), with y and x exchanged from 5 on.
  const int orientation = image.orientation;
  const bool transposed = orientation >= 5;
  const bool rows_reversed =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columns_reversed =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const Size size = upright_size(image);
  Image result = make_image_like(image, size.height, size.width, image.channels);
  result.facts = image.facts;
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    T* to = result.values<T>().data();
    for (std::int64_t y = 0; y < size.height; ++y) {
      for (std::int64_t x = 0; x < size.width; ++x) {
        std::int64_t row = transposed ? x : y;
        std::int64_t column = transposed ? y : x;
        if (rows_reversed) row = image.height - 1 - row;
        if (columns_reversed) column = image.width - 1 - column;
        const T* pixel = from.data() + (row * image.width + column) * image.channels;
        for (std::int64_t c = 0; c < image.channels; ++c) *to++ = pixel[c];
      }
    }
  });
  return result;
}

}  // namespace apatite::image
