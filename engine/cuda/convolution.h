// A convolution, forward or backward, on the device: what a kernel needs to know, and the
// arithmetic of its indices and of what follows its chains.
//
// All chains of one launch have one order of taps (docs/arithmetic.md, sections 4 and 10). Together
// they are a matrix product Y[m][p] = sum over k (ascending) of W[k][m] * X[k][p], where k counts
// the taps (channel, row, column), m the output channels of a group and p the pixels of all images.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/elementwise.h"
#include "engine/cuda/host_device.h"
#include "engine/cuda/launch_site.h"

namespace apatite::engine::cuda {

// Where tap k lies: a channel of the group, and rows and columns from a pixel's first tap.
struct Tap {
  std::int32_t channel;
  std::int32_t row;
  std::int32_t column;
  std::int32_t offset;  // row * in_width + column
};

// What follows a chain, in this order: bias, [residual,] [ReLU mask,] [norm,] [residual,]
// activation. Null: absent. Indexed by output channel, the residual and the ReLU mask like y.
struct Finish {
  const float* bias;
  const float* scale;  // of a batch norm, or of the gradient of one (shift is +0 there)
  const float* shift;
  const float* residual;
  const float*
      relu_mask;  // the gradient of a ReLU: +0 where this value, normalised first, is not > 0
  const float* relu_mask_scale;
  const float* relu_mask_shift;
  bool residual_first;  // ahead of the ReLU mask and norm
  Activation activation;
};

// The value of y for the chain's `acc`; `residual` and `relu_mask` where there are any.
APATITE_HOST_DEVICE inline float finish_value(const Finish& finish, float acc, std::int64_t channel,
                                              float residual, float relu_mask,
                                              std::int32_t* status) {
  float value = acc + (finish.bias != nullptr ? finish.bias[channel] : 0.0F);
  if (finish.residual != nullptr && finish.residual_first) value += residual;
  if (finish.relu_mask != nullptr) {
    check_finite(value, status);
    if (finish.relu_mask_scale != nullptr) {
      relu_mask = fmaf(relu_mask, finish.relu_mask_scale[channel], finish.relu_mask_shift[channel]);
    }
    value = relu_mask > 0 ? value : 0.0F;
  }
  if (finish.scale != nullptr) {
    value = fmaf(value, finish.scale[channel], finish.shift[channel]) + 0.0F;
  }
  if (finish.residual != nullptr && !finish.residual_first) value += residual;
  // An infinity stays one, or becomes NaN, up to here; an activation could hide it.
  check_finite(value, status);
  return activate(finish.activation, value);
}

// Everything lies [channel][image][row][column], dense; indices and strides in floats.
struct ConvArgs {
  const float* x;
  const float* weights;     // [group][padded_depth][padded_out], +0 where padded
  const Tap* taps;          // [padded_depth]; those behind `depth` meet weights of +0
  const float* norm_scale;  // batch norm and ReLU on the way in, by tap; null: none. One tap per
  const float* norm_shift;  // channel then, and none outside the image
  float* y;
  std::int32_t* status;
  Finish finish;

  std::int32_t groups;
  std::int32_t in_per_group;   // channels of x
  std::int32_t out_per_group;  // channels of y
  std::int32_t padded_out;     // a multiple of 4
  std::int32_t depth;          // taps of a chain
  std::int32_t padded_depth;

  std::int32_t images;
  std::int32_t in_height;
  std::int32_t in_width;
  // The pixels that are computed: `rows` x `columns` of each image. Pixel (i, j) has its first tap
  // at row row_first + i * row_step and lies at row y_row_first + i * y_row_step of y; likewise the
  // columns.
  std::int32_t rows;
  std::int32_t columns;
  std::int32_t row_first;
  std::int32_t row_step;
  std::int32_t column_first;
  std::int32_t column_step;
  std::int32_t y_height;
  std::int32_t y_width;
  std::int32_t y_row_first;
  std::int32_t y_row_step;
  std::int32_t y_column_first;
  std::int32_t y_column_step;

  // Of all images; Program::launches() sees to it that 32 bits count them.
  [[nodiscard]] APATITE_HOST_DEVICE std::int32_t x_plane() const {
    return images * in_height * in_width;
  }
  [[nodiscard]] APATITE_HOST_DEVICE std::int32_t y_plane() const {
    return images * y_height * y_width;
  }
  [[nodiscard]] APATITE_HOST_DEVICE std::int32_t pixels() const { return images * rows * columns; }
  // Whether pixel p lies at index p of a plane of y.
  [[nodiscard]] APATITE_HOST_DEVICE bool dense_y() const {
    return rows == y_height && columns == y_width && y_row_step == 1 && y_column_step == 1;
  }
  // Whether tap k of pixel p is x[k][p]: one tap per channel, at the pixel's own place.
  [[nodiscard]] APATITE_HOST_DEVICE bool pointwise() const {
    return depth == in_per_group && row_step == 1 && column_step == 1 && row_first == 0 &&
           column_first == 0 && rows == in_height && columns == in_width;
  }
};

struct Pixel {
  std::int32_t row;  // of its first tap
  std::int32_t column;
  std::int32_t x;  // index of its first tap in a plane of x, which may lie outside
  std::int32_t y;  // its index in a plane of y
};

APATITE_HOST_DEVICE inline Pixel pixel_at(const ConvArgs& args, std::int32_t p) {
  const std::int32_t per_image = args.rows * args.columns;
  const std::int32_t image = p / per_image;
  const std::int32_t within = p % per_image;
  const std::int32_t i = within / args.columns;
  const std::int32_t j = within % args.columns;
  Pixel pixel{};
  pixel.row = args.row_first + i * args.row_step;
  pixel.column = args.column_first + j * args.column_step;
  pixel.x = (image * args.in_height + pixel.row) * args.in_width + pixel.column;
  pixel.y = (image * args.y_height + args.y_row_first + i * args.y_row_step) * args.y_width +
            args.y_column_first + j * args.y_column_step;
  return pixel;
}

APATITE_HOST_DEVICE inline bool tap_inside(const ConvArgs& args, const Pixel& pixel,
                                           const Tap& tap) {
  const auto row = static_cast<std::uint32_t>(pixel.row + tap.row);
  const auto column = static_cast<std::uint32_t>(pixel.column + tap.column);
  return row < static_cast<std::uint32_t>(args.in_height) &&
         column < static_cast<std::uint32_t>(args.in_width);
}

// Index of a tap in the planes of x, counted from the group's first; `x_plane` is args.x_plane().
APATITE_HOST_DEVICE inline std::int64_t tap_index(std::int32_t x_plane, const Pixel& pixel,
                                                  const Tap& tap) {
  return std::int64_t{tap.channel} * x_plane + (pixel.x + tap.offset);
}

// The first plane of a group.
APATITE_HOST_DEVICE inline const float* group_planes(const ConvArgs& args, std::int64_t group) {
  return args.x + group * args.in_per_group * args.x_plane();
}

// The weights of a group, [padded_depth][padded_out].
APATITE_HOST_DEVICE inline const float* group_weights(const ConvArgs& args, std::int64_t group) {
  return args.weights + group * args.padded_depth * args.padded_out;
}

// Batch norm and ReLU on the way in.
APATITE_HOST_DEVICE inline float prologue_value(float x, float scale, float shift,
                                                std::int32_t* status) {
  const float value = fmaf(x, scale, shift) + 0.0F;
  check_finite(value, status);
  return activate(Activation::kRelu, value);
}

// X[k][p] of a group.
APATITE_HOST_DEVICE inline float tap_value(const ConvArgs& args, std::int64_t group,
                                           const Pixel& pixel, std::int64_t k) {
  const Tap tap = args.taps[k];
  if (!tap_inside(args, pixel, tap)) return 0;
  const float x = group_planes(args, group)[tap_index(args.x_plane(), pixel, tap)];
  if (args.norm_scale == nullptr) return x;
  return prologue_value(x, args.norm_scale[k], args.norm_shift[k], args.status);
}

// The chain of one output.
APATITE_HOST_DEVICE inline float chain_value(const ConvArgs& args, std::int64_t group,
                                             std::int64_t m, const Pixel& pixel) {
  const float* w = group_weights(args, group) + m;
  float acc = 0;
  for (std::int64_t k = 0; k < args.depth; ++k) {
    acc = fmaf(tap_value(args, group, pixel, k), w[k * args.padded_out], acc);
  }
  return acc;
}

// Writes y for the chain of output channel m of a group.
APATITE_HOST_DEVICE inline void store_value(const ConvArgs& args, std::int64_t group,
                                            std::int64_t m, const Pixel& pixel, float acc) {
  const std::int64_t channel = group * args.out_per_group + m;
  const std::int64_t at = channel * args.y_plane() + pixel.y;
  const float residual = args.finish.residual != nullptr ? args.finish.residual[at] : 0.0F;
  const float relu_mask = args.finish.relu_mask != nullptr ? args.finish.relu_mask[at] : 0.0F;
  args.y[at] = finish_value(args.finish, acc, channel, residual, relu_mask, args.status);
}

}  // namespace apatite::engine::cuda
