#include "study/faithfulness/region_of.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"

namespace apatite::study {
namespace {

[[noreturn]] void refuse(const ManifestEntry& entry, const std::string& what) {
  throw Error(ErrorKind::kBadFile, entry.image, what,
              "write boxes as \"top left height width\" in pixels, separated by ';'");
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

image::Box parse_box(std::string_view text, const ManifestEntry& entry, image::Size source) {
  std::array<std::int64_t, 4> numbers{};
  std::string_view rest = without_blanks(text);
  for (std::int64_t& number : numbers) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || number > image::kMaxImageSide) {
      refuse(entry, "has the box " + quote(text));
    }
    const std::string_view after = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (!after.empty() && after[0] != ' ') refuse(entry, "has the box " + quote(text));
    rest = without_blanks(after);
  }
  const auto [top, left, height, width] = numbers;
  if (!rest.empty() || height == 0 || width == 0) refuse(entry, "has the box " + quote(text));
  if (top + height > source.height || left + width > source.width) {
    refuse(entry, "has the box " + quote(text) + " outside its " + to_text(source.width) + "x" +
                      to_text(source.height) + " pixels (width x height)");
  }
  return {top, left, {height, width}};
}

}  // namespace

std::optional<gradcam::Region> region_of(const Manifest& manifest, const ManifestEntry& entry,
                                         image::Size source, const ReadImage& read) {
  if (entry.boxes.empty() && entry.mask.empty()) return std::nullopt;
  gradcam::Region region =
      entry.mask.empty() ? gradcam::Region(source.height, source.width)
                         : gradcam::Region::from_mask(read(manifest.folder / entry.mask), source);
  const std::string_view boxes = entry.boxes;
  for (std::size_t at = 0; at < boxes.size();) {
    const std::size_t end = std::min(boxes.find(';', at), boxes.size());
    region.add(parse_box(boxes.substr(at, end - at), entry, source));
    at = end + 1;
  }
  if (region.empty()) refuse(entry, "has a mask of no pixel");
  return region;
}

}  // namespace apatite::study
