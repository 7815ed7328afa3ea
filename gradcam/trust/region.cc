#include "gradcam/trust/region.h"

#include <algorithm>

#include "base/error.h"

namespace apatite::gradcam {

Region::Region(std::int64_t height, std::int64_t width)
    : height_(height), width_(width), inside_(static_cast<std::size_t>(height * width), 0) {}

Region Region::from_mask(const image::Image& mask, image::Size source) {
  if (mask.height != source.height || mask.width != source.width) {
    throw Error(ErrorKind::kBadFile, mask.source,
                "is a mask of " + image::describe(mask) + " for an image of another size",
                "store a mask of the image's size");
  }
  Region region(mask.height, mask.width);
  const auto channels = static_cast<std::size_t>(mask.channels);
  const std::size_t colours = mask.has_alpha() ? channels - 1 : channels;
  image::visit_samples(mask, [&](auto samples) {
    for (std::size_t i = 0; i < region.inside_.size(); ++i) {
      const auto pixel = samples.subspan(i * channels, colours);
      const bool any = std::any_of(pixel.begin(), pixel.end(), [](auto s) { return s != 0; });
      region.inside_[i] = any ? 1 : 0;
    }
  });
  return region;
}

void Region::add(const image::Box& box) {
  for (std::int64_t y = std::max<std::int64_t>(0, box.top); y < std::min(box.bottom(), height_);
       ++y) {
    for (std::int64_t x = std::max<std::int64_t>(0, box.left); x < std::min(box.right(), width_);
         ++x) {
      inside_[static_cast<std::size_t>(y * width_ + x)] = 1;
    }
  }
}

bool Region::near(std::int64_t y, std::int64_t x, std::int64_t distance) const {
  for (std::int64_t dy = -distance; dy <= distance; ++dy) {
    for (std::int64_t dx = -distance; dx <= distance; ++dx) {
      const bool in_image = y + dy >= 0 && y + dy < height_ && x + dx >= 0 && x + dx < width_;
      if (in_image && dy * dy + dx * dx <= distance * distance && contains(y + dy, x + dx)) {
        return true;
      }
    }
  }
  return false;
}

bool Region::empty() const {
  return std::all_of(inside_.begin(), inside_.end(), [](std::uint8_t in) { return in == 0; });
}

Pointing point(const SaliencyMap& map, const Region& region, std::int64_t distance) {
  Pointing result;
  if (summarize(map).state != MapState::kPositive) return result;
  const auto highest = std::max_element(map.values.begin(), map.values.end());
  const auto index = static_cast<std::int64_t>(highest - map.values.begin());
  result.row = index / map.width;
  result.column = index % map.width;
  result.hit = region.near(result.row, result.column, distance);
  double inside = 0;
  double all = 0;
  for (std::int64_t y = 0; y < map.height; ++y) {
    for (std::int64_t x = 0; x < map.width; ++x) {
      const double value = std::max(map.at(y, x), 0.0);
      all += value;
      if (region.contains(y, x)) inside += value;
    }
  }
  result.energy_inside = inside / all;
  return result;
}

}  // namespace apatite::gradcam
