// Operations that take one pixel at a time, and pooling: on vectors of channels.
#if defined(APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#undef APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#else
#define APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#endif

#include <algorithm>

#include "engine/exact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

inline void affine(const float* HWY_RESTRICT x, const float* HWY_RESTRICT scale,
                   const float* HWY_RESTRICT shift, bool relu, float* HWY_RESTRICT y,
                   std::int64_t pixels, Status& status) {
  const Vector a = hn::LoadU(kFloats, scale);
  const Vector b = hn::LoadU(kFloats, shift);
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    const Vector value = fused_multiply_add(hn::LoadU(kFloats, x + i), a, b);
    flag_non_finite(value, finiteness);
    hn::StoreU(relu ? rectify(value) : one_zero(value), kFloats, y + i);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void add(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, bool relu,
                float* HWY_RESTRICT y, std::int64_t pixels, Status& status) {
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    const Vector sum = hn::Add(hn::LoadU(kFloats, a + i), hn::LoadU(kFloats, b + i));
    flag_non_finite(sum, finiteness);
    hn::StoreU(relu ? rectify(sum) : sum, kFloats, y + i);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void relu(const float* HWY_RESTRICT x, float* HWY_RESTRICT y, std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    hn::StoreU(rectify(hn::LoadU(kFloats, x + i)), kFloats, y + i);
  }
}

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

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
