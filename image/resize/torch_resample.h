// torch's resampling of floating-point images (torch.nn.functional.interpolate with
// align_corners=False, hence torchvision's Resize of tensors), computed in binary64.
#pragma once

#include <cstdint>

#include "image/pixels/image.h"

namespace apatite::image {

// The result has binary64 samples in the units of the input, not rounded: the recipe rounds once,
// to binary32, when it has normalised them. A horizontal pass, then a vertical one; each sum runs
// in binary64 from +0 in ascending order of the source. torch computes the same in the type of its
// tensor: in binary64 it agrees to some units in the last place, in binary32 to its roundings.
// Tensors of uint8 are another algorithm, in integers: they are not reproduced here.
//
// bilinear: the two positions beside s = max(0, (i + 0.5) * scale - 0.5), scale = in / out, with
// weights 1 - t and t, t the fraction of s; beyond the edge the last sample.
Image resize_torch_bilinear(const Image& image, std::int64_t height, std::int64_t width);
// bicubic: the four positions around s = (i + 0.5) * scale - 0.5 with Keys' weights for a = -0.75;
// positions beyond the edges are those at the edges.
Image resize_torch_bicubic(const Image& image, std::int64_t height, std::int64_t width);
// antialias=True: the triangle, or Keys' weights for a = -0.5, widened when shrinking
// (resample::filter_axis).
Image resize_torch_bilinear_antialias(const Image& image, std::int64_t height, std::int64_t width);
Image resize_torch_bicubic_antialias(const Image& image, std::int64_t height, std::int64_t width);

}  // namespace apatite::image
