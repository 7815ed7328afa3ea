// How a value lies in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/graph/op.h"
#include "engine/graph/shape.h"

namespace apatite::engine {

// [channel block][row][column][lane]. A block holds up to `lanes` channels; its unused lanes are
// +0. Concatenation joins the blocks of its inputs, so a block in the middle may be partly used:
// `block_channels` says how many channels each block holds, in the order of the channels.
struct Layout {
  std::int64_t lanes = 1;
  std::vector<std::int32_t> block_channels;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t pad_left = 0;   // columns of +0 before
  std::int64_t pad_right = 0;  // and after each row

  // The layout of `shape` in full blocks and a last one with what is left.
  static Layout of(const Shape& shape, std::int64_t lanes) {
    Layout layout{.lanes = lanes, .height = shape.height, .width = shape.width};
    for (std::int64_t c = 0; c < shape.channels; c += lanes) {
      const std::int64_t left = shape.channels - c;
      layout.block_channels.push_back(static_cast<std::int32_t>(left < lanes ? left : lanes));
    }
    return layout;
  }

  [[nodiscard]] std::int64_t blocks() const {
    return static_cast<std::int64_t>(block_channels.size());
  }
  // Strides in floats.
  [[nodiscard]] std::int64_t row_stride() const { return (pad_left + width + pad_right) * lanes; }
  [[nodiscard]] std::int64_t block_stride() const { return height * row_stride(); }
  [[nodiscard]] std::int64_t image_size() const { return blocks() * block_stride(); }
  [[nodiscard]] std::int64_t pixels() const { return height * width; }

  // Where each channel's pixel (0, 0) lies, in floats from that of channel 0.
  [[nodiscard]] std::vector<std::int64_t> channel_offsets() const {
    std::vector<std::int64_t> offsets;
    for (std::int64_t block = 0; block < blocks(); ++block) {
      for (std::int64_t lane = 0; lane < block_channels[static_cast<std::size_t>(block)]; ++lane) {
        offsets.push_back(block * block_stride() + lane);
      }
    }
    return offsets;
  }

  // Behind each channel's lane, how many unused ones there are up to the next channel.
  [[nodiscard]] std::vector<std::int64_t> unused_lanes_behind() const {
    std::vector<std::int64_t> unused;
    for (const std::int32_t used : block_channels) {
      unused.insert(unused.end(), static_cast<std::size_t>(used), 0);
      unused.back() = lanes - used;
    }
    return unused;
  }

  [[nodiscard]] Extent extent() const { return {height, width}; }

  bool operator==(const Layout&) const = default;
};

// Where a value of the plan lies: blocks first_block, ... of a buffer.
struct Value {
  Layout layout;
  std::size_t buffer = 0;
  std::int64_t first_block = 0;
};

}  // namespace apatite::engine
