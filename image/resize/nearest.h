// Resizing by taking samples: the programs differ in which one is the nearest.
#pragma once

#include <cstdint>

#include "image/pixels/image.h"

namespace apatite::image {

// Image.resize(NEAREST) of Pillow, and so Keras' load_img: position trunc(p) of the source, where p
// starts at scale * 0.5 and grows by scale = in / out from one output position to the next, in
// binary64; for 16-bit images Pillow takes another way, on which p = scale * (i + 0.5).
Image resize_pillow_nearest(const Image& image, std::int64_t height, std::int64_t width);

// torch's mode "nearest": floor(i * scale), with scale = in / out and the product in binary32 (of a
// doubled length floor(i / 2)). It looks half an output pixel to the upper left.
Image resize_torch_nearest(const Image& image, std::int64_t height, std::int64_t width);

// torch's mode "nearest-exact": floor((i + 0.5) * scale), in binary32.
Image resize_torch_nearest_exact(const Image& image, std::int64_t height, std::int64_t width);

}  // namespace apatite::image
