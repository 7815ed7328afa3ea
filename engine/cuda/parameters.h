// The parameters of a program: one array for the device, filled part by part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/cuda/convolution.h"
#include "engine/graph/batch_norm.h"

namespace apatite::engine::cuda {

// Where a parameter starts in the array, in floats.
using Offset = std::size_t;
struct AffineOffsets {
  Offset scale;
  Offset shift;
};

struct Parameters {
  std::vector<float> floats;
  std::vector<Tap> taps;

  Offset add(std::span<const float> values) {
    constexpr std::size_t kAlignment = 64;  // floats: 256 bytes
    const Offset offset = floats.size();
    floats.insert(floats.end(), values.begin(), values.end());
    floats.resize((floats.size() + kAlignment - 1) / kAlignment * kAlignment);
    return offset;
  }

  // `padded`: with +0 behind the channels, up to this many.
  AffineOffsets add(Affine<float> affine, std::int64_t padded = 0) {
    const auto size = std::max(affine.scale.size(), static_cast<std::size_t>(padded));
    affine.scale.resize(size);
    affine.shift.resize(size);
    const Offset scale = add(std::span<const float>(affine.scale));
    return {scale, add(std::span<const float>(affine.shift))};
  }
};

}  // namespace apatite::engine::cuda
