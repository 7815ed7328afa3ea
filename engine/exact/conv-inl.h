// Convolution: register tiles of `P` pixels times `O` vectors of output channels.
//
// Each accumulator lane holds the whole chain of one output, in the order of the contract: input
// channels, then rows of taps, then taps of a row, one fma each. Nothing is split or summed in
// pairs. An input value is broadcast to all output channels of the panel; the weights of a panel
// lie in the order in which they are used.
#if defined(APATITE_ENGINE_EXACT_CONV_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef APATITE_ENGINE_EXACT_CONV_INL_H_
#undef APATITE_ENGINE_EXACT_CONV_INL_H_
#else
#define APATITE_ENGINE_EXACT_CONV_INL_H_
#endif

#include "engine/exact/elementwise-inl.h"
#include "engine/exact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

// acc[o][p] = fma(x[p * step], w[o], acc[o][p]) for the pixels from `first` to `last` - 1.
template <int first, int last, std::int64_t step, int P, int O>
HWY_INLINE void accumulate_tap(const float* HWY_RESTRICT x, const float* HWY_RESTRICT w,
                               Vector (&acc)[O][P]) {
  Vector weights[O];
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) weights[o] = hn::Load(kFloats, w + o * kLanes);
#pragma GCC unroll 16
  for (int p = first; p < last; ++p) {
    const Vector value = hn::Set(kFloats, x[p * step]);
#pragma GCC unroll 4
    for (int o = 0; o < O; ++o) acc[o][p] = fused_multiply_add(value, weights[o], acc[o][p]);
  }
}

// Brings a line that is needed later into the second-level cache.
HWY_INLINE void fetch_ahead(const float* line) { __builtin_prefetch(line, 0, 2); }

// acc += what lies at `from` for each pixel, for one output block.
template <int P>
HWY_INLINE void add_pixels(const float* from, std::int64_t step, Vector (&acc)[P]) {
#pragma GCC unroll 16
  for (int p = 0; p < P; ++p) acc[p] = hn::Add(acc[p], hn::Load(kFloats, from + p * step));
}

template <int P, int O>
HWY_INLINE void finish_tile(const ConvGeometry& geometry, const Epilogue& epilogue,
                            const ConvTile& tile, Vector (&acc)[O][P], Status& status) {
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  const std::int64_t step = geometry.y_pixel_step;
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
    const std::int64_t channel = tile.first_channel + o * kLanes;
    const std::int64_t block = o * geometry.y_block_stride;
    if (epilogue.bias != nullptr) {
      const Vector bias = hn::Load(kFloats, epilogue.bias + channel);
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) acc[o][p] = hn::Add(acc[o][p], bias);
    }
    if (tile.residual != nullptr && epilogue.residual_first) {
      add_pixels<P>(tile.residual + block, step, acc[o]);
    }
    if (tile.relu_mask != nullptr) {
      const bool norm = epilogue.relu_mask_scale != nullptr;
      const Vector scale =
          norm ? hn::Load(kFloats, epilogue.relu_mask_scale + channel) : hn::Set(kFloats, 1.0F);
      const Vector shift =
          norm ? hn::Load(kFloats, epilogue.relu_mask_shift + channel) : hn::Zero(kFloats);
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) {
        flag_non_finite(acc[o][p], finiteness);  // before the ReLU mask hides it
        // Without a norm the mask itself: fma(relu_mask, 1, 0) is exact.
        const Vector relu_mask =
            fused_multiply_add(hn::Load(kFloats, tile.relu_mask + block + p * step), scale, shift);
        acc[o][p] = where_positive(relu_mask, acc[o][p]);
      }
    }
    if (epilogue.scale != nullptr) {
      const Vector scale = hn::Load(kFloats, epilogue.scale + channel);
      const Vector shift = hn::Load(kFloats, epilogue.shift + channel);
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) acc[o][p] = fused_multiply_add(acc[o][p], scale, shift);
    }
    if (tile.residual != nullptr && !epilogue.residual_first) {
      add_pixels<P>(tile.residual + block, step, acc[o]);
    }
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p) flag_non_finite(acc[o][p], finiteness);
    // The zero is made one at the end only: up to here its sign decides nothing but the sign of
    // another zero (docs/arithmetic.md, 11.3).
    activate_pixels<P>(epilogue.activation, acc[o]);
    float* y = tile.y + block;
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p) hn::Store(acc[o][p], kFloats, y + p * step);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

template <int P, int O, std::int64_t step, bool pointwise>
void conv_tile(const ConvGeometry& geometry, const Epilogue& epilogue, const ConvTile& tile,
               Status& status) {
  Vector acc[O][P];
#pragma GCC unroll 4
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 16
    for (int p = 0; p < P; ++p) acc[o][p] = hn::Zero(kFloats);
  }
  const float* w = tile.w;
  const float* next_w = tile.next_w;
  for (std::int64_t block = 0; block < geometry.blocks; ++block) {
    const float* x = tile.x + block * geometry.x_block_stride;
    const std::int32_t channels = geometry.block_channels[block];
    if constexpr (pointwise) {
      // Two blocks ahead: the next lines of x lie a whole plane further on.
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) hwy::Prefetch(x + 2 * geometry.x_block_stride + p * step);
      for (std::int32_t channel = 0; channel < channels; ++channel) {
        fetch_ahead(next_w);
        next_w += tile.next_w_step;
        accumulate_tap<0, P, step>(x + channel, w, acc);
        w += O * kLanes;
      }
    } else {
      for (std::int32_t channel = 0; channel < channels; ++channel) {
        const float* x_row = x + channel;
        const float* w_tap = w;
        for (std::int64_t kh = 0; kh < tile.kernel_height; ++kh) {
          fetch_ahead(next_w);
          next_w += tile.next_w_step;
          const float* x_tap = x_row;
          for (std::int64_t kw = 0; kw < geometry.kernel_width; ++kw) {
            if (kw == tile.skip_first) {
              accumulate_tap<1, P, step>(x_tap, w_tap, acc);
            } else if (kw == tile.skip_last) {
              accumulate_tap<0, P - 1, step>(x_tap, w_tap, acc);
            } else {
              accumulate_tap<0, P, step>(x_tap, w_tap, acc);
            }
            x_tap += geometry.x_tap_step;
            w_tap += O * kLanes;
          }
          x_row += geometry.x_row_step;
        }
        w += geometry.w_channel_step;
      }
    }
  }
  finish_tile(geometry, epilogue, tile, acc, status);
}

template <int P, int O>
ConvKernel conv_kernel(PixelStep step, bool pointwise) {
  switch (step) {
    case PixelStep::kBlocked1:
      return pointwise ? conv_tile<P, O, kLanes, true> : conv_tile<P, O, kLanes, false>;
    case PixelStep::kBlocked2:
      return pointwise ? conv_tile<P, O, 2 * kLanes, true> : conv_tile<P, O, 2 * kLanes, false>;
    case PixelStep::kPlanar1:
      return conv_tile<P, O, 1, false>;
    case PixelStep::kPlanar2:
      return conv_tile<P, O, 2, false>;
  }
  return nullptr;
}

// The tiles that fit the registers: P * O accumulators, O weights and one broadcast value.
// clang-format off
#undef APATITE_TILES
#if HWY_TARGET == HWY_AVX3
#define APATITE_TILES(X)                                        \
  X(7, 4) X(4, 4) X(2, 4) X(1, 4)                               \
  X(14, 2) X(8, 2) X(7, 2) X(4, 2) X(2, 2) X(1, 2)              \
  X(14, 1) X(8, 1) X(7, 1) X(4, 1) X(2, 1) X(1, 1)
#elif HWY_TARGET == HWY_NEON
#define APATITE_TILES(X)                                        \
  X(7, 4) X(6, 4) X(4, 4) X(2, 4) X(1, 4)                       \
  X(12, 2) X(8, 2) X(6, 2) X(4, 2) X(2, 2) X(1, 2)              \
  X(8, 1) X(4, 1) X(2, 1) X(1, 1)
#else
#define APATITE_TILES(X)                                        \
  X(3, 4) X(2, 4) X(1, 4)                                       \
  X(6, 2) X(4, 2) X(3, 2) X(2, 2) X(1, 2)                       \
  X(8, 1) X(4, 1) X(2, 1) X(1, 1)
#endif
// clang-format on

#define APATITE_TILE_SHAPE(P, O) {P, O},
constexpr TileShape kTileShapes[] = {APATITE_TILES(APATITE_TILE_SHAPE)};
#undef APATITE_TILE_SHAPE

inline ConvKernel find_conv_kernel(TileShape tile, PixelStep step, bool pointwise) {
#define APATITE_FIND_TILE(P, O) \
  if (tile.pixels == (P) && tile.vectors == (O)) return conv_kernel<P, O>(step, pointwise);
  APATITE_TILES(APATITE_FIND_TILE)
#undef APATITE_FIND_TILE
  return nullptr;
}

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
