// The last step of a recipe: from samples to the network's input.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/graph/tensor.h"
#include "image/pixels/image.h"

namespace apatite::image {

// Mean and standard deviation of the image itself, instead of fixed ones.
struct Standardize {
  bool per_channel = false;  // of each channel; else of all samples together
  double least_std = 0;      // a smaller standard deviation is replaced by this one
};

struct Normalization {
  std::int64_t channels = 3;
  bool reversed = false;  // the tensor's channels are blue, green, red
  // Per channel of the tensor; empty with `standardize`.
  std::vector<double> mean;
  std::vector<double> std;
  std::optional<Standardize> standardize;
};

// Value of channel c at a pixel: ((sample / divisor) - mean[c]) / std[c] in binary64, each
// operation rounded once, then rounded once to binary32; never -0. A grey image is repeated to all
// channels.
//
// With `standardize`, over the N samples s of the image or of a channel:
//   integers: S = sum of s and Q = sum of s^2 exactly; mean = (S / N) / divisor,
//     std = sqrt((N Q - S^2) / N / N) / divisor, the integer N Q - S^2 rounded once;
//   others: S in binary64 in their order, m = S / N, mean = m / divisor,
//     std = sqrt((sum of (s - m)^2, in their order) / N) / divisor;
// every other operation rounded once. This is the population's standard deviation (NumPy's).
//
// 1 x channels x height x width. Throws Error: kBadFile (the image's source) if the standard
// deviation is 0, kNumeric if a value does not fit binary32.
engine::Tensor normalize(const Image& image, double divisor, const Normalization& rule);

}  // namespace apatite::image
