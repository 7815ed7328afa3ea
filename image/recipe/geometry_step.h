// The steps of a recipe that change which pixels there are: crop, flip, pad, resize.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "image/pixels/image.h"
#include "image/pixels/image_context.h"
#include "image/recipe/pixel_step.h"

namespace apatite::image {

// The shorter side to this length, the longer one to floor(shorter_side * long / short), as
// torchvision's Resize(int) computes it.
struct ResizeShorterSide {
  std::int64_t shorter_side = 0;
  const ResizeMethod* method = nullptr;
};

// The middle; offsets are (image - size) / 2 rounded half to even, as torchvision's CenterCrop
// rounds. The image must be at least that large.
struct CenterCrop {
  Size size;
};

// The box that the image's context gives (a manifest's columns). Without one the image is refused,
// or kept whole.
struct CropBox {
  bool refuse_without = true;
};

// The box around the breast (image/recipe/breast_box.h), `margin` pixels wider on each side where
// there are that many.
struct CropBreast {
  double threshold = 0;
  std::int64_t margin = 0;
};

// Pads the shorter side to the longer one; of an odd difference the larger half comes after.
struct PadToSquare {
  double value = 0;
};

// Left and right exchanged: always, or for one laterality.
struct Flip {
  enum class If { kAlways, kLeft, kRight };
  If condition = If::kAlways;
};

using GeometryStep = std::variant<ResizeTo, ResizeShorterSide, Crop, CenterCrop, CropBox,
                                  CropBreast, Pad, PadToSquare, Flip>;

// A step as JSON: an object with one key, its name. Throws Error (kBadFile, `where`).
GeometryStep geometry_step_from_json(const Json& json, std::string_view where);
Json to_json(const GeometryStep& step);
// "resize", "crop", "center_crop", "crop_box", "crop_breast", "pad", "pad_to_square", "flip".
std::string_view step_name(const GeometryStep& step);

// True if what the step does to an image depends on its samples, not on its size alone.
bool depends_on_samples(const GeometryStep& step);

// What `step` does to `image`, whose samples count only if depends_on_samples(step). Throws Error
// (kBadFile, the image's source) if it cannot be applied to it, or gives a size beyond image.h's
// limits.
PixelStep resolve(const GeometryStep& step, const Image& image, const ImageContext& context);

// The size after `step` as far as it is the same for every image; `before`: that of its input.
// Throws Error (kBadFile, `where`) if the step can never be applied to such an input.
std::optional<Size> fixed_size(const GeometryStep& step, std::optional<Size> before,
                               std::string_view where);

}  // namespace apatite::image
