// The innermost loops of the exact backend, compiled once per instruction set.
//
// Values lie in blocks of `lanes` channels: [image][channel block][row][column][lane], where
// `lanes` is the width of the instruction set's vector (16 for AVX-512, 8 for AVX2, 4 otherwise),
// so that a vector holds one pixel of `lanes` channels. The image that a network starts from lies
// in planes (one channel a block). Unused lanes of a block are +0.
//
// No kernel has an error path: plan.cc hands them only what they can do. Each gives the bits of
// engine/reference/. Non-finite results set the finiteness flag in `status`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/graph/activation.h"

namespace apatite::engine::exact {

constexpr std::int64_t kMaxLanes = 16;

// One vector per thread, +0 while every result was finite: kernels add 0 * result to it with one
// fma, which keeps a zero for finite results and leaves a NaN for ever otherwise.
struct alignas(64) Status {
  std::array<float, kMaxLanes> lanes{};
  [[nodiscard]] bool all_finite() const;
};

// What follows a convolution's chain on its way to memory, in this order: + bias,
// [+ residual if `residual_first`,] 0 where the ReLU mask is not above 0 (or, with relu_mask_scale,
// fma(relu_mask, relu_mask_scale, relu_mask_shift) is not), fma(., scale, shift),
// [+ residual if not,] activation (which makes -0 a +0). Null: left out. Each array holds one value
// per output channel, padded with 0 to whole blocks.
struct Epilogue {
  const float* bias = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
  const float* relu_mask_scale = nullptr;
  const float* relu_mask_shift = nullptr;
  bool residual_first = false;
  Activation activation = Activation::kIdentity;
};

// What is the same for all tiles of a convolution.
struct ConvGeometry {
  const std::int32_t* block_channels = nullptr;  // channels used in each input block
  std::int64_t blocks = 0;                       // input blocks
  std::int64_t kernel_width = 1;
  std::int64_t x_block_stride = 0;  // floats between input blocks
  std::int64_t x_row_step = 0;      // floats between the rows of two taps; may be negative
  std::int64_t x_tap_step = 0;      // floats between two taps of a row; may be negative
  std::int64_t w_channel_step = 0;  // floats of one input channel in a weight panel
  std::int64_t y_block_stride =
      0;  // floats between output blocks; the residual's and ReLU mask's too
  std::int64_t y_pixel_step = 0;  // floats between two pixels of a tile, likewise
};

// `pixels` neighbouring outputs of one row times one panel (1, 2 or 4 blocks) of output channels.
struct ConvTile {
  const float* x = nullptr;  // input block 0, first used row of taps, column of tap 0, pixel 0
  const float* w = nullptr;  // panel [channel][kh][kw][vectors * lanes], first used kh
  float* y = nullptr;        // first output block, pixel 0
  const float* residual = nullptr;  // as Epilogue says; null: none
  const float* relu_mask = nullptr;
  std::int64_t first_channel = 0;  // of the panel, into the arrays of Epilogue
  std::int64_t kernel_height = 1;  // rows of taps inside the image
  std::int64_t skip_first = -1;    // the tap of a row that is outside the image at pixel 0
  std::int64_t skip_last = -1;     // and at the last pixel; another one
  // Weights that come next, fetched into the cache on the way: from where, and floats per channel
  // and row of taps.
  const float* next_w = nullptr;
  std::int64_t next_w_step = 0;
};

using ConvKernel = void (*)(const ConvGeometry&, const Epilogue&, const ConvTile&, Status&);

// The shape of a tile that some kernel computes.
struct TileShape {
  std::int64_t pixels;
  std::int64_t vectors;  // output blocks
};

// How far apart the inputs of two neighbouring outputs are.
enum class PixelStep { kBlocked1, kBlocked2, kPlanar1, kPlanar2 };  // layout, stride

struct ElementwiseKernels;  // elementwise.h
struct PoolingKernels;      // pooling.h

// What the exact backend needs of one instruction set.
struct KernelTable {
  std::string_view isa;
  std::int64_t lanes;
  std::span<const TileShape> tiles;  // widest panels first
  // Null if there is no such kernel. `pointwise`: one tap (kernel 1x1).
  ConvKernel (*conv)(TileShape tile, PixelStep step, bool pointwise);
  const ElementwiseKernels* elementwise;
  const PoolingKernels* pooling;
};

// Those that are built in, best first. `scalar` is always there.
struct BuiltKernels {
  std::string_view isa;
  bool present;
  const KernelTable* table;
};
std::span<const BuiltKernels> built_kernels();

}  // namespace apatite::engine::exact
