// What is known of an image from outside its file: a manifest's columns.
#pragma once

#include <optional>

#include "image/pixels/image.h"

namespace apatite::image {

struct ImageContext {
  // The region of interest, in pixels of the image as it is seen (after its EXIF orientation, if
  // the recipe applies that).
  std::optional<Box> crop;
  Laterality laterality = Laterality::kUnknown;

  bool operator==(const ImageContext&) const = default;
};

}  // namespace apatite::image
