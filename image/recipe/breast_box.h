// Where the breast is in a mammogram.
#pragma once

#include <optional>

#include "image/pixels/image.h"

namespace apatite::image {

// The smallest box around the largest connected region of pixels above `threshold` (in sample
// units; of colours, the largest counts). Pixels are connected to all eight neighbours. Of regions
// with equally many pixels it is the first in reading order. A letter or a scratch in the
// background therefore moves no edge of the box unless it touches the breast. Empty if no pixel is
// above the threshold.
std::optional<Box> breast_box(const Image& image, double threshold);

}  // namespace apatite::image
