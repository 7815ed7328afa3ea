// Operations that take one value after the other, on vectors of channels.
#if defined(APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#undef APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#else
#define APATITE_ENGINE_EXACT_ELEMENTWISE_INL_H_
#endif

#include "engine/exact/elementwise.h"
#include "engine/exact/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

// The activation of a vector. Its result holds no -0, even if x does.
HWY_INLINE Vector activate(Activation activation, Vector x) {
  switch (activation) {
    case Activation::kIdentity:
      return one_zero(x);
    case Activation::kRelu:
      return rectify(x);
  }
  return x;
}

// The same for the pixels of a tile: one loop per activation, so that nothing is decided per pixel.
template <int P>
HWY_INLINE void activate_pixels(Activation activation, Vector (&x)[P]) {
  switch (activation) {
    case Activation::kIdentity:
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) x[p] = one_zero(x[p]);
      return;
    case Activation::kRelu:
#pragma GCC unroll 16
      for (int p = 0; p < P; ++p) x[p] = rectify(x[p]);
      return;
  }
}

inline void affine(const float* HWY_RESTRICT x, const float* HWY_RESTRICT scale,
                   const float* HWY_RESTRICT shift, Activation activation, float* HWY_RESTRICT y,
                   std::int64_t pixels, Status& status) {
  const Vector a = hn::LoadU(kFloats, scale);
  const Vector b = hn::LoadU(kFloats, shift);
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    const Vector value = fused_multiply_add(hn::LoadU(kFloats, x + i), a, b);
    flag_non_finite(value, finiteness);
    hn::StoreU(activate(activation, value), kFloats, y + i);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void add(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, Activation activation,
                float* HWY_RESTRICT y, std::int64_t pixels, Status& status) {
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    const Vector sum = hn::Add(hn::LoadU(kFloats, a + i), hn::LoadU(kFloats, b + i));
    flag_non_finite(sum, finiteness);
    hn::StoreU(activate(activation, sum), kFloats, y + i);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void scaled_add(const float* HWY_RESTRICT x, const float* HWY_RESTRICT branch, float scale,
                       Activation activation, float* HWY_RESTRICT y, std::int64_t pixels,
                       Status& status) {
  const Vector factor = hn::Set(kFloats, scale);
  Vector finiteness = hn::Load(kFloats, status.lanes.data());
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    const Vector sum =
        fused_multiply_add(hn::LoadU(kFloats, branch + i), factor, hn::LoadU(kFloats, x + i));
    flag_non_finite(sum, finiteness);
    hn::StoreU(activate(activation, sum), kFloats, y + i);
  }
  hn::Store(finiteness, kFloats, status.lanes.data());
}

inline void activate_block(const float* HWY_RESTRICT x, Activation activation,
                           float* HWY_RESTRICT y, std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    hn::StoreU(activate(activation, hn::LoadU(kFloats, x + i)), kFloats, y + i);
  }
}

inline void relu_grad(const float* HWY_RESTRICT g, const float* HWY_RESTRICT y,
                      float* HWY_RESTRICT gx, std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels * kLanes; i += kLanes) {
    hn::StoreU(where_positive(hn::LoadU(kFloats, y + i), hn::LoadU(kFloats, g + i)), kFloats,
               gx + i);
  }
}

constexpr ElementwiseKernels kElementwiseKernels{.affine = &affine,
                                                 .add = &add,
                                                 .scaled_add = &scaled_add,
                                                 .activate = &activate_block,
                                                 .relu_grad = &relu_grad};

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
