// Convolutions and linear layers, and their gradients (docs/arithmetic.md, sections 4 and 10).
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. Of the gradients g
// is the one of the score with respect to the operation's result y; gx, the result, is the one with
// respect to its input x, of the shape `in`.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/reference/loops.h"
#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

// y[oc][oh][ow] = bias[oc] + sum over ic, kh, kw (ascending, one fma each, from +0) of
//                 x[ic][oh*stride + kh*dilation - top][...] * weight[oc][ic][kh][kw];
// taps outside the image are skipped. `bias` may be null. ic runs within the group of oc.
template <class T>
void conv2d(const Conv2d& op, View<T> x, const T* weight, const T* bias, T* y, const Shape& out) {
  const std::int64_t in_per_group = x.shape.channels / op.groups;
  const std::int64_t out_per_group = out.channels / op.groups;
  const std::int64_t taps = op.kernel.height * op.kernel.width;
  const std::int64_t plane = x.shape.height * x.shape.width;
  for (std::int64_t oc = 0; oc < out.channels; ++oc) {
    T* acc = y + oc * out.height * out.width;
    std::fill_n(acc, out.height * out.width, T{0});
    const T* w = weight + oc * in_per_group * taps;
    const std::int64_t first_ic = oc / out_per_group * in_per_group;
    for (std::int64_t ic = first_ic; ic < first_ic + in_per_group; ++ic) {
      for (std::int64_t kh = 0; kh < op.kernel.height; ++kh) {
        const std::int64_t row_offset = kh * op.dilation.height - op.padding.top;
        const std::int64_t row_begin = first_inside(row_offset, op.stride.height);
        const std::int64_t row_end =
            end_inside(row_offset, op.stride.height, x.shape.height, out.height);
        for (std::int64_t kw = 0; kw < op.kernel.width; ++kw, ++w) {
          const std::int64_t offset = kw * op.dilation.width - op.padding.left;
          const std::int64_t begin = first_inside(offset, op.stride.width);
          const std::int64_t end = end_inside(offset, op.stride.width, x.shape.width, out.width);
          for (std::int64_t oh = row_begin; oh < row_end && begin < end; ++oh) {
            const T* row = x.data + ic * plane +
                           (oh * op.stride.height + row_offset) * x.shape.width +
                           begin * op.stride.width + offset;
            fma_gathered(acc + oh * out.width + begin, row, op.stride.width, *w, end - begin);
          }
        }
      }
    }
    // A chain that underflows below zero ends in -0; adding the bias or +0 keeps the zero one.
    const T last = bias != nullptr ? bias[oc] : T{0};
    for (std::int64_t i = 0; i < out.height * out.width; ++i) acc[i] += last;
  }
}

// gx[ic][h][w] = sum over oc, kh, kw (ascending, one fma each, from +0) of
//                g[oc][oh][ow] * weight[oc][ic][kh][kw]
// where oh*stride + kh*dilation - top = h (and so for the width) and oh lies inside g; then + 0. oc
// runs within the group of ic.
// For one (oc, kh, kw) no two outputs meet the same x, so a row of g may be spread at once.
template <class T>
void conv2d_input_grad(const Conv2d& op, View<T> g, const T* weight, T* gx, const Shape& in) {
  const std::int64_t in_per_group = in.channels / op.groups;
  const std::int64_t out_per_group = g.shape.channels / op.groups;
  const std::int64_t taps = op.kernel.height * op.kernel.width;
  const std::int64_t plane = g.shape.height * g.shape.width;
  for (std::int64_t ic = 0; ic < in.channels; ++ic) {
    T* acc = gx + ic * in.height * in.width;
    std::fill_n(acc, in.height * in.width, T{0});
    const std::int64_t first_oc = ic / in_per_group * out_per_group;
    for (std::int64_t oc = first_oc; oc < first_oc + out_per_group; ++oc) {
      const T* w = weight + (oc * in_per_group + ic % in_per_group) * taps;
      for (std::int64_t kh = 0; kh < op.kernel.height; ++kh) {
        const std::int64_t row_offset = kh * op.dilation.height - op.padding.top;
        const std::int64_t row_begin = first_inside(row_offset, op.stride.height);
        const std::int64_t row_end =
            end_inside(row_offset, op.stride.height, in.height, g.shape.height);
        for (std::int64_t kw = 0; kw < op.kernel.width; ++kw, ++w) {
          const std::int64_t offset = kw * op.dilation.width - op.padding.left;
          const std::int64_t begin = first_inside(offset, op.stride.width);
          const std::int64_t end = end_inside(offset, op.stride.width, in.width, g.shape.width);
          for (std::int64_t oh = row_begin; oh < row_end && begin < end; ++oh) {
            T* row = acc + (oh * op.stride.height + row_offset) * in.width +
                     begin * op.stride.width + offset;
            const T* from = g.data + oc * plane + oh * g.shape.width + begin;
            fma_spread(row, from, op.stride.width, *w, end - begin);
          }
        }
      }
    }
    for (std::int64_t i = 0; i < in.height * in.width; ++i) acc[i] += T{0};
  }
}

// y[o] = bias[o] + sum over i (ascending, one fma each, from +0) of x[i] * weight[o][i].
template <class T>
void linear(const Linear& op, View<T> x, const T* weight, const T* bias, T* y) {
  const std::int64_t count = x.shape.size();
  for (std::int64_t o = 0; o < op.out_features; ++o) {
    y[o] = fma_chain(x.data, weight + o * count, count) + (bias != nullptr ? bias[o] : T{0});
  }
}

// gx[i] = sum over o (ascending, one fma each, from +0) of g[o] * weight[o][i]; then + 0.
template <class T>
void linear_input_grad(View<T> g, const T* weight, T* gx, const Shape& in) {
  const std::int64_t count = in.size();
  std::fill_n(gx, count, T{0});
  for (std::int64_t o = 0; o < g.shape.channels; ++o) {
    fma_spread(gx, weight + o * count, 1, g.data[o], count);
  }
  for (std::int64_t i = 0; i < count; ++i) gx[i] += T{0};
}

template <class T>
void compute(const Conv2d& op, const NodeArguments<T>& node) {
  conv2d(op, node.x(0), node.parameter(0), node.parameter(1), node.y, node.shape());
}

template <class T>
void compute(const Conv2dInputGrad& op, const NodeArguments<T>& node) {
  conv2d_input_grad(op.forward, node.x(0), node.parameter(0), node.y, node.shape());
}

template <class T>
void compute(const Linear& op, const NodeArguments<T>& node) {
  linear(op, node.x(0), node.parameter(0), node.parameter(1), node.y);
}

template <class T>
void compute(const LinearInputGrad& /*op*/, const NodeArguments<T>& node) {
  linear_input_grad(node.x(0), node.parameter(0), node.y, node.shape());
}

}  // namespace apatite::engine::reference
