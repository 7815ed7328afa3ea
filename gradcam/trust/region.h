// Measures whether a map points to a region that is known.
#pragma once

#include <cstdint>
#include <vector>

#include "gradcam/map/projection.h"
#include "gradcam/map/saliency_map.h"
#include "image/pixels/image.h"

namespace apatite::gradcam {

// The pixels of a source image that are known to show what the class is about, e.g. a lesion.
class Region {
 public:
  Region(std::int64_t height, std::int64_t width);
  // The pixels that are not 0 in any channel but alpha. Throws Error (kBadFile, the mask's source)
  // if its size is not `source`.
  static Region from_mask(const image::Image& mask, image::Size source);

  // Adds the part of the box that lies in the image.
  void add(const image::Box& box);

  [[nodiscard]] bool contains(std::int64_t y, std::int64_t x) const {
    return inside_[static_cast<std::size_t>(y * width_ + x)] != 0;
  }
  // Whether a pixel of the region is within `distance` pixels (Euclidean, between middles).
  [[nodiscard]] bool near(std::int64_t y, std::int64_t x, std::int64_t distance) const;
  [[nodiscard]] bool empty() const;

 private:
  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::uint8_t> inside_;
};

struct Pointing {
  // The pointing game (J. Zhang et al., "Top-down neural attention by excitation backprop", ECCV
  // 2016): whether the map's largest pixel (the first of equal ones) lies in the region or within
  // `distance` of it. A map that is not kPositive points nowhere and misses.
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
