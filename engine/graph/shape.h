// Sizes of tensors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"

namespace apatite::engine {

// Numbers and shapes become text by one name.
using apatite::to_text;

// Sizes of a tensor, outermost first, e.g. {out_channels, in_channels, kernel_h, kernel_w}.
using Dims = std::vector<std::int64_t>;

// Product of the sizes; 1 for a scalar. Throws Error (kBadFile) if a size is negative or the
// product exceeds 2^48 (no tensor of this field comes near it).
std::int64_t element_count(std::span<const std::int64_t> dims);

// {64, 3, 7, 7} -> "64x3x7x7"; a scalar is "scalar".
std::string to_text(std::span<const std::int64_t> dims);

// The shape of one image's value at a node of a graph: `channels` planes of `height` rows of
// `width` values. Vectors (after global pooling, logits) are channels x 1 x 1. The batch is a
// run-time dimension.
struct Shape {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool operator==(const Shape&) const = default;
  [[nodiscard]] std::int64_t size() const { return channels * height * width; }
  [[nodiscard]] Dims with_batch(std::int64_t batch) const {
    return {batch, channels, height, width};
  }
};

// {64, 112, 112} -> "64x112x112".
std::string to_text(const Shape& shape);

}  // namespace apatite::engine
