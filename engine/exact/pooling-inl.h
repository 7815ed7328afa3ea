// Pooling and its gradients, on vectors of channels.
#if defined(APATITE_ENGINE_EXACT_POOLING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef APATITE_ENGINE_EXACT_POOLING_INL_H_
#undef APATITE_ENGINE_EXACT_POOLING_INL_H_
#else
#define APATITE_ENGINE_EXACT_POOLING_INL_H_
#endif

#include <algorithm>

#include "engine/exact/pooling.h"
#include "engine/exact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

// Calls tap(vector) for the taps of output column `ow` that lie inside the image, row by row.
template <class Function>
HWY_INLINE void for_each_tap(const PoolRow& pool, std::int64_t ow, Function tap) {
  const std::int64_t first = ow * pool.stride_width - pool.pad_left;
  for (std::int64_t kh = 0; kh < pool.kernel_height; ++kh) {
    const float* row = pool.x + kh * pool.x_row_step;
    for (std::int64_t kw = 0; kw < pool.kernel_width; ++kw) {
      const std::int64_t column = first + kw * pool.dilation_width;
      if (column >= 0 && column < pool.in_width) tap(row + column * kLanes);
    }
  }
}

inline void max_pool_row(const PoolRow& pool) {
  for (std::int64_t ow = 0; ow < pool.out_width; ++ow) {
    // The kernel's first tap inside the image; every later one can only be larger or equal.
    Vector best = hn::Zero(kFloats);
    bool first = true;
    for_each_tap(pool, ow, [&](const float* tap) HWY_ATTR {
      const Vector value = hn::LoadU(kFloats, tap);
      best = first ? value : hn::Max(best, value);
      first = false;
    });
    hn::StoreU(best, kFloats, pool.y + ow * kLanes);
  }
}

inline void avg_pool_row(const PoolRow& pool, Status& status) {
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t ow = 0; ow < pool.out_width; ++ow) {
    Vector sum = hn::Zero(kFloats);
    for_each_tap(pool, ow,
                 [&](const float* tap) HWY_ATTR { sum = hn::Add(sum, hn::LoadU(kFloats, tap)); });
    flag_non_finite(sum, finiteness);
    const Vector count = hn::Set(kFloats, pool.counts[ow]);
    hn::StoreU(one_zero(hn::Div(sum, count)), kFloats, pool.y + ow * kLanes);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

// Calls window(oh, ow) for the windows that touch the band, in ascending order.
template <class Function>
HWY_INLINE void for_each_window(const PoolGradBand& band, Function window) {
  const MaxPool2d& w = *band.window;
  const std::int64_t reach = (w.kernel.height - 1) * w.dilation.height;
  for (std::int64_t oh = 0; oh < band.out_height; ++oh) {
    const std::int64_t top = oh * w.stride.height - w.padding.top;
    if (top + reach < band.first_row || top >= band.end_row) continue;
    for (std::int64_t ow = 0; ow < band.out_width; ++ow) window(oh, ow);
  }
}

// Calls tap(row, offset) for the taps of a window inside the image, in row-major order; offset: in
// floats from the image's first pixel.
template <class Function>
HWY_INLINE void for_each_tap(const PoolGradBand& band, std::int64_t oh, std::int64_t ow,
                             Function tap) {
  const MaxPool2d& w = *band.window;
  for (std::int64_t kh = 0; kh < w.kernel.height; ++kh) {
    const std::int64_t row = oh * w.stride.height - w.padding.top + kh * w.dilation.height;
    if (row < 0 || row >= band.in_height) continue;
    for (std::int64_t kw = 0; kw < w.kernel.width; ++kw) {
      const std::int64_t column = ow * w.stride.width - w.padding.left + kw * w.dilation.width;
      if (column < 0 || column >= band.in_width) continue;
      tap(row, (row * band.in_width + column) * kLanes);
    }
  }
}

inline void clear_band(const PoolGradBand& band) {
  std::fill(band.gx + band.first_row * band.in_width * kLanes,
            band.gx + band.end_row * band.in_width * kLanes, 0.0F);
}

inline void max_pool_grad(const PoolGradBand& band, Status& status) {
  clear_band(band);
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for_each_window(band, [&](std::int64_t oh, std::int64_t ow) HWY_ATTR {
    Vector best = hn::Zero(kFloats);
    bool first = true;
    for_each_tap(band, oh, ow, [&](std::int64_t /*row*/, std::int64_t at) HWY_ATTR {
      const Vector value = hn::LoadU(kFloats, band.x + at);
      best = first ? value : hn::Max(best, value);
      first = false;
    });
    // The part of g that no tap has taken yet. The first tap that equals the maximum takes it; the
    // other taps add +0.
    Vector left = hn::LoadU(kFloats, band.g + (oh * band.out_width + ow) * kLanes);
    for_each_tap(band, oh, ow, [&](std::int64_t row, std::int64_t at) HWY_ATTR {
      const auto takes = hn::Eq(hn::LoadU(kFloats, band.x + at), best);
      if (row >= band.first_row && row < band.end_row) {
        const Vector sum =
            hn::Add(hn::LoadU(kFloats, band.gx + at), hn::IfThenElseZero(takes, left));
        flag_non_finite(sum, finiteness);
        hn::StoreU(sum, kFloats, band.gx + at);
      }
      left = hn::IfThenZeroElse(takes, left);
    });
  });
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void avg_pool_grad(const PoolGradBand& band, Status& status) {
  clear_band(band);
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for_each_window(band, [&](std::int64_t oh, std::int64_t ow) HWY_ATTR {
    const std::int64_t output = oh * band.out_width + ow;
    const Vector share = hn::Div(hn::LoadU(kFloats, band.g + output * kLanes),
                                 hn::Set(kFloats, band.counts[output]));
    for_each_tap(band, oh, ow, [&](std::int64_t row, std::int64_t at) HWY_ATTR {
      if (row < band.first_row || row >= band.end_row) return;
      const Vector sum = hn::Add(hn::LoadU(kFloats, band.gx + at), share);
      flag_non_finite(sum, finiteness);
      hn::StoreU(sum, kFloats, band.gx + at);
    });
  });
  hn::Store(finiteness, kFloats, status.lanes.data());
}

constexpr PoolingKernels kPoolingKernels{.max_pool_row = &max_pool_row,
                                         .avg_pool_row = &avg_pool_row,
                                         .max_pool_grad = &max_pool_grad,
                                         .avg_pool_grad = &avg_pool_grad};

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
