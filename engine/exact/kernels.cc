#include "engine/exact/kernels.h"

#include <algorithm>

// Every target that the compiler can make, also those that this machine's baseline surpasses.
#define HWY_COMPILE_ALL_ATTAINABLE
// One target per way of computing: those with a fused multiply-add, and the lowest one, in which
// fused_multiply_add is software_fma. Scalable vectors (SVE, RVV) are left out: a kernel keeps its
// accumulators in an array.
#if defined(__x86_64__)
#define HWY_DISABLED_TARGETS (~(HWY_AVX3 | HWY_AVX2 | HWY_SCALAR | HWY_EMU128))
#elif defined(__aarch64__)
#define HWY_DISABLED_TARGETS (~(HWY_NEON | HWY_SCALAR | HWY_EMU128))
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/exact/kernels.cc"
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "engine/exact/conv-inl.h"
#include "engine/exact/elementwise-inl.h"
#include "engine/exact/pooling-inl.h"

HWY_BEFORE_NAMESPACE();
namespace apatite::engine::exact::HWY_NAMESPACE {

const KernelTable& kernel_table() {
  static constexpr KernelTable kTable{.isa = isa_name(),
                                      .lanes = kLanes,
                                      .tiles = kTileShapes,
                                      .conv = &find_conv_kernel,
                                      .elementwise = &kElementwiseKernels,
                                      .pooling = &kPoolingKernels};
  return kTable;
}

}  // namespace apatite::engine::exact::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace apatite::engine::exact {

bool Status::all_finite() const {
  return std::all_of(lanes.begin(), lanes.end(), [](float lane) { return lane == 0.0F; });
}

std::span<const BuiltKernels> built_kernels() {
  static const std::int64_t present = hwy::SupportedTargets();
  static const BuiltKernels kBuilt[] = {
#if HWY_TARGETS & HWY_AVX3
    {"avx512", (present & HWY_AVX3) != 0, &N_AVX3::kernel_table()},
#endif
#if HWY_TARGETS & HWY_AVX2
    {"avx2", (present & HWY_AVX2) != 0, &N_AVX2::kernel_table()},
#endif
#if HWY_TARGETS & HWY_NEON
    {"neon", (present & HWY_NEON) != 0, &N_NEON::kernel_table()},
#endif
    {"scalar", true, &HWY_STATIC_DISPATCH(kernel_table)()},
  };
  return kBuilt;
}

}  // namespace apatite::engine::exact
#endif
