// Vectors of one instruction set, and the fused multiply-add of the contract on them.
#if defined(APATITE_ENGINE_EXACT_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef APATITE_ENGINE_EXACT_VECTOR_INL_H_
#undef APATITE_ENGINE_EXACT_VECTOR_INL_H_
#else
#define APATITE_ENGINE_EXACT_VECTOR_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "engine/exact/kernels.h"
#include "engine/exact/software_fma.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
using Floats = hn::CappedTag<float, 1>;
#else
using Floats = hn::CappedTag<float, kMaxLanes>;
#endif
using Vector = hn::Vec<Floats>;
constexpr Floats kFloats;
constexpr std::int64_t kLanes = static_cast<std::int64_t>(hn::MaxLanes(Floats()));

constexpr std::string_view isa_name() {
#if HWY_TARGET == HWY_AVX3
  return "avx512";
#elif HWY_TARGET == HWY_AVX2
  return "avx2";
#elif HWY_TARGET == HWY_NEON
  return "neon";
#else
  return "scalar";
#endif
}

// a * b + c with one rounding, in every lane.
HWY_INLINE Vector fused_multiply_add(Vector a, Vector b, Vector c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  // hn::MulAdd rounds twice here.
  HWY_ALIGN float x[kLanes];
  HWY_ALIGN float y[kLanes];
  HWY_ALIGN float z[kLanes];
  hn::Store(a, kFloats, x);
  hn::Store(b, kFloats, y);
  hn::Store(c, kFloats, z);
  for (std::int64_t i = 0; i < kLanes; ++i) z[i] = software_fma(x[i], y[i], z[i]);
  return hn::Load(kFloats, z);
#endif
}

// x > 0 ? x : +0, so that -0 becomes +0 too. (A NaN becomes +0: the finiteness flag has it
// already.)
HWY_INLINE Vector rectify(Vector x) {
  const Vector zero = hn::Zero(kFloats);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2
  return hn::Max(x, zero);  // MAXPS gives its second operand if both are zeros
#else
  return hn::IfThenElseZero(hn::Gt(x, zero), x);
#endif
}

// y > 0 ? g : +0.
HWY_INLINE Vector where_positive(Vector y, Vector g) {
  return hn::IfThenElseZero(hn::Gt(y, hn::Zero(kFloats)), g);
}

// -0 becomes +0, anything else stays.
HWY_INLINE Vector one_zero(Vector x) { return hn::Add(x, hn::Zero(kFloats)); }

// Adds 0 * x to the finiteness flag: it stays +0 while every lane of `x` is finite, and is NaN for
// ever otherwise.
HWY_INLINE void flag_non_finite(Vector x, Vector& finiteness) {
  finiteness = fused_multiply_add(x, hn::Zero(kFloats), finiteness);
}

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
