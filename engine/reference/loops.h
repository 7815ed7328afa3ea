// What the loops of the contract share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/graph/op.h"

// Written fused multiply-adds become one instruction where the CPU has it; std::fma's software path
// gives the same bits elsewhere. The sanitizers do not work with the clones' resolvers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define APATITE_FMA_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define APATITE_FMA_CLONES
#endif

namespace apatite::engine::reference {

// Smallest i >= 0 with i * stride + offset >= 0.
inline std::int64_t first_inside(std::int64_t offset, std::int64_t stride) {
  return offset >= 0 ? 0 : (-offset + stride - 1) / stride;
}

// Smallest i <= count from which on i * stride + offset >= size.
inline std::int64_t end_inside(std::int64_t offset, std::int64_t stride, std::int64_t size,
                               std::int64_t count) {
  return std::clamp<std::int64_t>((size - offset + stride - 1) / stride, 0, count);
}

// Calls tap(row, column) for the taps of one window that lie inside an image of `rows` x `columns`,
// in row-major order.
template <class Function>
constexpr void for_each_tap(const Extent& kernel, const Extent& dilation, std::int64_t top,
                            std::int64_t left, std::int64_t rows, std::int64_t columns,
                            Function tap) {
  for (std::int64_t kh = 0; kh < kernel.height; ++kh) {
    for (std::int64_t kw = 0; kw < kernel.width; ++kw) {
      const std::int64_t row = top + kh * dilation.height;
      const std::int64_t column = left + kw * dilation.width;
      if (row >= 0 && row < rows && column >= 0 && column < columns) tap(row, column);
    }
  }
}

}  // namespace apatite::engine::reference
