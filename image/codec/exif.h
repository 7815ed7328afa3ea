// The orientation in EXIF data, which says how the camera was held.
#pragma once

#include <cstddef>
#include <span>

#include "image/pixels/image.h"

namespace apatite::image {

// The orientation (tag 0x0112 of IFD 0; TIFF 6.0 and EXIF 2.3, 4.6.4) in a TIFF structure, which
// follows "Exif\0\0" in a JPEG file and is the chunk eXIf of a PNG file. It is 1 to 8, and 1 if
// there is none. Image::kUnreadableOrientation if the structure is damaged before the tag, or if
// the value is not one number from 1 to 8.
int exif_orientation(std::span<const std::byte> tiff);

// Adds an orientation other than 1 to `facts`.
void note_orientation(int orientation, ImageFacts& facts);

// The picture as it should be seen: mirrored, turned or both, so that its orientation is 1. No
// sample is changed. `image.orientation` must be 1 to 8.
Image upright(const Image& image);

// The size of upright(image): height and width are exchanged for the orientations 5 to 8.
Size upright_size(const Image& image);

}  // namespace apatite::image
