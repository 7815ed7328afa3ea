// How similar two maps are.
#pragma once

#include <optional>

#include "gradcam/map/saliency_map.h"
#include "image/pixels/box.h"

namespace apatite::gradcam {

// Spearman's rank correlation of two maps of one size: Pearson's correlation of their ranks, where
// equal values share the mean of their ranks. The sums of the centred ranks, times two, are exact
// integers; one product, one square root and one quotient follow in binary64. Empty if a map is
// flat, because it then has no ranks. Throws Error (kUsage) if the sizes differ or a map has more
// than 2^20 cells.
std::optional<double> spearman(const SaliencyMap& a, const SaliencyMap& b);

// Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE
// Trans. Image Processing 13, 2004, equation 13, with windows of `window` x `window` cells of equal
// weight (the largest odd size that fits, at most 7), variances and covariance divided by n - 1,
// C1 = (0.01 L)^2, C2 = (0.03 L)^2, L = 1: for maps within [0, 1]. The mean over all windows that
// lie wholly inside. Empty if a side has fewer than 3 cells. Sums in binary64, row by row.
// Throws Error (kUsage) if the sizes differ.
std::optional<double> structural_similarity(const SaliencyMap& a, const SaliencyMap& b);

// The size at which maps of different layers are compared: that of the input, scaled down so that
// its longer side is at most 224.
image::Size comparison_grid(std::int64_t input_height, std::int64_t input_width);

}  // namespace apatite::gradcam
