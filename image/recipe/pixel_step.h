// The four operations on pixels to which the geometry steps of a recipe are resolved for one image.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "image/pixels/image.h"
#include "image/resize/resize.h"

namespace apatite::image {

// Resizes to exactly this size.
struct ResizeTo {
  Size size;
  const ResizeMethod* method = nullptr;
};

// Keeps the pixels of the box, which must lie inside the image.
struct Crop : Box {};

// Adds pixels of one value (in sample units) around the image.
struct Pad {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t right = 0;
  double value = 0;
};

// Exchanges left and right, or does nothing.
struct Mirror {
  bool mirrored = false;
};

using PixelStep = std::variant<ResizeTo, Crop, Pad, Mirror>;

// Where a pixel came from. In continuous coordinates, in which pixel i covers [i, i + 1):
//   y_source = offset_y + scale_y * y,  x_source = offset_x + scale_x * x.
// A mirrored axis has a negative scale.
struct PixelMap {
  double scale_y = 1;
  double offset_y = 0;
  double scale_x = 1;
  double offset_x = 0;
};

// The size after `step`. Throws Error (kBadFile, `where`) if the step cannot be applied to an image
// of size `input`.
Size output_size(const PixelStep& step, Size input, std::string_view where);

// `map` leads from the image before the step to the source. Returns the map from the image after
// the step to the source.
PixelMap after_step(const PixelMap& map, const PixelStep& step, Size input);

// The image after `step`. Throws Error (kBadFile, the image's source) as output_size does, and if
// the sample type cannot hold a padding value.
Image apply_step(const PixelStep& step, const Image& image);

}  // namespace apatite::image
