// The steps of a recipe that change which pixels there are: resize, crop, pad.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "image/image.h"
#include "image/resize.h"

namespace apatite {

// To exactly this size.
struct ResizeTo {
  PixelSize size;
  const ResizeMethod* method = nullptr;
};

// The shorter side to this length, the longer one to floor(shorter_side * long / short), as
// torchvision's Resize(int) computes it.
struct ResizeShorterSide {
  std::int64_t shorter_side = 0;
  const ResizeMethod* method = nullptr;
};

// The box whose upper left pixel is (top, left); it must lie within the image.
struct Crop {
  std::int64_t top = 0;
  std::int64_t left = 0;
  PixelSize size;
};

// The middle; offsets are (image - size) / 2 rounded half to even, as torchvision's CenterCrop
// rounds. The image must be at least that large.
struct CenterCrop {
  PixelSize size;
};

// Pixels of one value (in sample units) around the image.
struct Pad {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t right = 0;
  double value = 0;
};

// Pads the shorter side to the longer one; of an odd difference the larger half comes after.
struct PadToSquare {
  double value = 0;
};

using GeometryStep = std::variant<ResizeTo, ResizeShorterSide, Crop, CenterCrop, Pad, PadToSquare>;

// Where a pixel came from. In continuous coordinates, in which pixel i covers [i, i + 1):
//   y_source = offset_y + scale_y * y,  x_source = offset_x + scale_x * x.
struct PixelMap {
  double scale_y = 1;
  double offset_y = 0;
  double scale_x = 1;
  double offset_x = 0;
};

// A part of the source in its continuous coordinates.
struct SourceBox {
  double top = 0;
  double left = 0;
  double bottom = 0;
  double right = 0;
  bool operator==(const SourceBox&) const = default;
};

// A step as JSON: an object with one key, its name. Throws Error (kBadFile, `where`).
GeometryStep geometry_step_from_json(const Json& json, std::string_view where);
Json to_json(const GeometryStep& step);
// "resize", "crop", "center_crop", "pad", "pad_to_square".
std::string_view step_name(const GeometryStep& step);

// The size after `step`. Throws Error (kBadFile, `where`) if the step cannot be applied to an image
// of size `input`.
PixelSize output_size(const GeometryStep& step, PixelSize input, std::string_view where);
// The size after `step` whatever the image's, if the step fixes it.
std::optional<PixelSize> fixed_size(const GeometryStep& step);
// `map` leads from the image before the step to the source; returns the one from after it.
PixelMap after_step(const PixelMap& map, const GeometryStep& step, PixelSize input);

// The image after `step`.
Image apply_step(const GeometryStep& step, const Image& image);

}  // namespace apatite
