// Pillow's two-pass resampling (python-pillow/Pillow, src/libImaging/Resample.c), to the bit.
#pragma once

#include <cstdint>

#include "image/pixels/image.h"

namespace apatite::image {

// Image.resize((width, height), Resampling.BOX, BILINEAR, BICUBIC (a = -0.5) or LANCZOS (3 lobes):
// a filter widened by the ratio when shrinking, so that every source pixel counts
// (image/resize/resample.h). A horizontal and a vertical pass, each rounding to the sample type; a
// pass whose size stays is left out. The order decides some roundings: Pillow 13 runs the vertical
// pass first if the height shrinks by more than twice the pixels that the width does (its pull
// request 9549; the rule was inferred from 8,706 resizes of Pillow 13.0.0 and holds in all);
// Pillow 3.3 to 12 always run the horizontal one first. With the weights w of
// resample::filter_axis:
//   8 bits:  sum of sample * trunc(w * 2^22 + 0.5 (-0.5 if w < 0)), plus 2^21, shifted right by 22,
//            cut to 0..255 (Pillow's modes L and RGB);
//   16 bits: binary64 sum in ascending order, rounded half away from 0, cut to 0..65535 (mode I;16
//            of Pillow 13);
//   binary32: binary64 sum in ascending order, rounded once (mode F); binary64: not rounded.
// The sine of the Lanczos filter is image/resize/sine.h's, Pillow's is that of its C library: they
// differ in the last bit of a weight at most, which 8-bit weights never show. Channels are
// independent; Pillow has no 16-bit RGB, here it is three times I;16.
Image resize_pillow_box(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_bilinear(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_bicubic(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_lanczos(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_12_bilinear(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_12_bicubic(const Image& image, std::int64_t height, std::int64_t width);
Image resize_pillow_12_lanczos(const Image& image, std::int64_t height, std::int64_t width);

}  // namespace apatite::image
