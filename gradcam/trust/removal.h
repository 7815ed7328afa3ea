// Deletion and insertion: V. Petsiuk, A. Das, K. Saenko, "RISE: randomized input sampling for
// explanation of black-box models", BMVC 2018, section 4.2. If a map shows what a decision rests
// on, the class's probability falls fast when its highest pixels are removed first (a small area
// under the deletion curve), and rises fast when they are put into an image without content (a
// large area under the insertion curve).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/graph/tensor.h"
#include "gradcam/map/saliency_map.h"

namespace apatite::gradcam {

// What replaces a pixel that is removed.
enum class Removal {
  kBlur,  // the image blurred: a Gaussian with a standard deviation of 1/16 of the shorter side
  kMean,  // the mean of each channel over the image
  kZero,  // 0 of the network's input: usually the mean colour of the training images
};

// "blur", "mean", "zero"; find_removal throws Error (kUsage) naming all of them.
std::string_view name_of(Removal removal);
Removal find_removal(std::string_view name);

// The image (1 x C x H x W) with every pixel removed. Blur takes weighted means along the rows,
// then along the columns: the weights are exp(-d^2 / (2 s^2)) for |d| <= ceil(3 s), those outside
// the image are left out, and their sum divides the result. exp is that of base/math.h; sums are
// binary64, in ascending order, and the result is rounded once to binary32.
engine::Tensor removed_image(const engine::Tensor& image, Removal removal);

// The pixels of `map`, which has the image's size, from the largest value to the smallest. Pixels
// of equal value, such as all those without evidence, come in the random order of random_bits(seed,
// pixel), so that no corner of the image is preferred.
std::vector<std::size_t> removal_order(const SaliencyMap& map, std::uint64_t seed);

// `base` with the first `count` pixels of `order` taken, in all channels, from `other`.
engine::Tensor with_pixels(const engine::Tensor& base, const engine::Tensor& other,
                           std::span<const std::size_t> order, std::size_t count);

// How many pixels are exchanged after step i of `steps`: floor(i * pixels / steps).
std::size_t pixels_at(std::size_t step, std::size_t steps, std::size_t pixels);

// The area under a curve over equal steps from 0 to 1, by trapezoids in ascending order.
double area_under(std::span<const double> curve);

}  // namespace apatite::gradcam
