// What is known of an image from outside its pixels: a manifest's columns, a DICOM header.
#pragma once

#include <optional>

#include "image/image.h"

namespace apatite {

enum class Laterality { kUnknown, kLeft, kRight };

struct ImageContext {
  // The region of interest, in pixels of the image as it is seen (after its EXIF orientation, if
  // the recipe applies that).
  std::optional<PixelBox> crop;
  Laterality laterality = Laterality::kUnknown;
};

}  // namespace apatite
