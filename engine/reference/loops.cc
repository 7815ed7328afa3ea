#include "engine/reference/loops.h"

// Written fused multiply-adds become one instruction where the CPU has it; std::fma's software path
// gives the same bits elsewhere. The sanitizers do not work with the clones' resolvers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define APATITE_FMA_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define APATITE_FMA_CLONES
#endif

namespace apatite::engine::reference {

APATITE_FMA_CLONES void fma_gathered(float* acc, const float* x, std::int64_t step, float w,
                                     std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i * step], w, acc[i]);
  }
}

APATITE_FMA_CLONES void fma_gathered(double* acc, const double* x, std::int64_t step, double w,
                                     std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i * step], w, acc[i]);
  }
}

APATITE_FMA_CLONES void fma_spread(float* acc, const float* x, std::int64_t step, float w,
                                   std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i * step] = std::fma(x[i], w, acc[i * step]);
  }
}

APATITE_FMA_CLONES void fma_spread(double* acc, const double* x, std::int64_t step, double w,
                                   std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i * step] = std::fma(x[i], w, acc[i * step]);
  }
}

APATITE_FMA_CLONES float fma_chain(const float* x, const float* w, std::int64_t count) {
  float acc = 0;
  for (std::int64_t i = 0; i < count; ++i) acc = std::fma(x[i], w[i], acc);
  return acc;
}

APATITE_FMA_CLONES double fma_chain(const double* x, const double* w, std::int64_t count) {
  double acc = 0;
  for (std::int64_t i = 0; i < count; ++i) acc = std::fma(x[i], w[i], acc);
  return acc;
}

}  // namespace apatite::engine::reference
