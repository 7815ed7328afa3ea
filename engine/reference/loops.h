// Functions that several loops of the contract use.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/graph/op.h"

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

// acc[i] = fma(x[i * step], w, acc[i]): one tap for a row of outputs. Each output has its own
// chain, so the row may be computed in any order or at once.
void fma_gathered(float* acc, const float* x, std::int64_t step, float w, std::int64_t count);
void fma_gathered(double* acc, const double* x, std::int64_t step, double w, std::int64_t count);

// acc[i * step] = fma(x[i], w, acc[i * step]): one tap for a row of outputs, as above.
void fma_spread(float* acc, const float* x, std::int64_t step, float w, std::int64_t count);
void fma_spread(double* acc, const double* x, std::int64_t step, double w, std::int64_t count);

// The chain of a dot product, from +0.
float fma_chain(const float* x, const float* w, std::int64_t count);
double fma_chain(const double* x, const double* w, std::int64_t count);

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
