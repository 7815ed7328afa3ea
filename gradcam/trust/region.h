// Does a map point to where something is known to be?
#pragma once

#include <cstdint>
#include <vector>

#include "gradcam/map/projection.h"
#include "gradcam/map/saliency_map.h"
#include "image/pixels/image.h"

namespace apatite::gradcam {

// Pixels of a source image that are known to hold what the class is about.
class Region {
 public:
  Region(std::int64_t height, std::int64_t width);
  // The pixels that are not 0 in any channel but alpha. Throws Error (kBadFile, the mask's source)
  // if its size is not `source`.
  static Region from_mask(const image::Image& mask, image::Size source);

  // Cut at the image's edges.
  void add(const image::Box& box);

  [[nodiscard]] bool contains(std::int64_t y, std::int64_t x) const {
    return inside_[static_cast<std::size_t>(y * width_ + x)] != 0;
  }
  // Whether a pixel of the region is within `distance` (Euclidean, between middles).
  [[nodiscard]] bool near(std::int64_t y, std::int64_t x, std::int64_t distance) const;
  [[nodiscard]] bool empty() const;

 private:
  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::uint8_t> inside_;
};

struct Pointing {
  // The pointing game (J. Zhang et al., "Top-down neural attention by excitation backprop", ECCV
  // 2016): is the map's highest pixel (the first of equals) in the region, or within `distance` of
  // it? A map that is not kPositive points nowhere and misses.
  bool hit = false;
  std::int64_t row = -1;  // of the highest pixel; -1: none
  std::int64_t column = -1;
  // Energy-based pointing game (H. Wang et al., Score-CAM, 2020): the sum of the positive values in
  // the region over their sum in the image, row by row; 0 for a map that is not kPositive.
  double energy_inside = 0;
};

// `map` has the source's size (Projection::to_source).
Pointing point(const SaliencyMap& map, const Region& region, std::int64_t distance);

}  // namespace apatite::gradcam
