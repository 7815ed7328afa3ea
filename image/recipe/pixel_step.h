// What a recipe's geometry steps come down to for one image: four operations on its pixels.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "image/pixels/image.h"
#include "image/resize/resize.h"

namespace apatite::image {

// To exactly this size.
struct ResizeTo {
  Size size;
  const ResizeMethod* method = nullptr;
};

// The box; it must lie within the image.
struct Crop : Box {};

// Pixels of one value (in sample units) around the image.
struct Pad {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t right = 0;
  double value = 0;
};

// Left and right exchanged, or nothing.
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

// `map` leads from the image before the step to the source; returns the one from after it.
PixelMap after_step(const PixelMap& map, const PixelStep& step, Size input);

// The image after `step`. Throws Error (kBadFile, the image's source) as output_size does, and if
// the sample type cannot hold a padding value.
Image apply_step(const PixelStep& step, const Image& image);

}  // namespace apatite::image
