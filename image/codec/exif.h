// The one thing in EXIF data that changes what a picture shows: how the camera was held.
#pragma once

#include <cstddef>
#include <span>

#include "image/pixels/image.h"

namespace apatite::image {

// Orientation (tag 0x0112 of IFD 0; TIFF 6.0 and EXIF 2.3, 4.6.4) of a TIFF structure such as
// follows "Exif\0\0" in a JPEG file, or is the chunk eXIf of a PNG file: 1 to 8, 1 if there is
// none; Image::kUnreadableOrientation if the structure is damaged up to there, or the value is not
// one number of 1 to 8.
int exif_orientation(std::span<const std::byte> tiff);

// Adds an orientation other than 1 to `facts`.
void note_orientation(int orientation, ImageFacts& facts);

// The picture as it should be seen, with orientation 1: mirrored, turned or both, no sample
// changed. `image.orientation` must be 1 to 8.
Image upright(const Image& image);

// The size of upright(image): height and width change places for the orientations 5 to 8.
Size upright_size(const Image& image);

}  // namespace apatite::image
