// Operations that take one value after the other: batch norm, activations, sums, and their
// gradients (docs/arithmetic.md, sections 5, 6 and 10).
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. Of the gradients g
// is the one of the score with respect to the operation's result y; gx, the result, is the one with
// respect to its input x, of the shape `in`.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/graph/batch_norm.h"
#include "engine/reference/loops.h"
#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

// y = fma(x, scale, shift), per channel.
template <class T>
void batch_norm(View<T> x, const Affine<T>& affine, T* y) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  for (std::int64_t c = 0; c < x.shape.channels; ++c) {
    const T scale = affine.scale[static_cast<std::size_t>(c)];
    const T shift = affine.shift[static_cast<std::size_t>(c)];
    T* row = y + c * plane;
    std::fill_n(row, plane, shift);
    fma_gathered(row, x.data + c * plane, 1, scale, plane);
    // fma(x, scale, +0) is -0 where the product is -0 or underflows below zero: one zero.
    for (std::int64_t i = 0; i < plane; ++i) row[i] += T{0};
  }
}

// gx = g * scale, one rounding, then + 0, per channel.
template <class T>
void batch_norm_grad(View<T> g, const Affine<T>& affine, T* gx) {
  const std::int64_t plane = g.shape.height * g.shape.width;
  for (std::int64_t c = 0; c < g.shape.channels; ++c) {
    const T scale = affine.scale[static_cast<std::size_t>(c)];
    for (std::int64_t i = c * plane; i < (c + 1) * plane; ++i) gx[i] = g.data[i] * scale + T{0};
  }
}

// y = x < 0 ? 0 : x; NaN stays.
template <class T>
void relu(View<T> x, T* y) {
  std::transform(x.data, x.data + x.shape.size(), y, [](T v) { return v < 0 ? T{0} : v; });
}

// gx = y > 0 ? g : 0.
template <class T>
void relu_grad(View<T> g, View<T> y, T* gx) {
  std::transform(g.data, g.data + g.shape.size(), y.data, gx,
                 [](T gradient, T result) { return result > 0 ? gradient : T{0}; });
}

// y = a + b, one rounding. The gradient with respect to either is g.
template <class T>
void add(View<T> a, View<T> b, T* y) {
  std::transform(a.data, a.data + a.shape.size(), b.data, y, [](T u, T v) { return u + v; });
}

// y = fma(branch, scale, x) + 0, one rounding.
template <class T>
void scaled_add(const ScaledAdd& op, View<T> x, View<T> branch, T* y) {
  std::transform(x.data, x.data + x.shape.size(), branch.data, y,
                 [scale = T{op.scale}](T u, T v) { return std::fma(v, scale, u) + T{0}; });
}

// Of the branch: gx = g * scale, one rounding, then + 0. The gradient with respect to x is g.
template <class T>
void scaled_add_grad(const ScaledAdd& op, View<T> g, T* gx) {
  std::transform(g.data, g.data + g.shape.size(), gx,
                 [scale = T{op.scale}](T u) { return u * scale + T{0}; });
}

template <class T>
void compute(const BatchNorm& /*op*/, const NodeArguments<T>& node) {
  batch_norm(node.x(0), node.affine(), node.y);
}

template <class T>
void compute(const BatchNormGrad& /*op*/, const NodeArguments<T>& node) {
  batch_norm_grad(node.x(0), node.affine(), node.y);
}

template <class T>
void compute(const Relu& /*op*/, const NodeArguments<T>& node) {
  relu(node.x(0), node.y);
}

template <class T>
void compute(const ReluGrad& /*op*/, const NodeArguments<T>& node) {
  relu_grad(node.x(0), node.x(1), node.y);
}

template <class T>
void compute(const Add& /*op*/, const NodeArguments<T>& node) {
  add(node.x(0), node.x(1), node.y);
}

template <class T>
void compute(const ScaledAdd& op, const NodeArguments<T>& node) {
  scaled_add(op, node.x(0), node.x(1), node.y);
}

template <class T>
void compute(const ScaledAddGrad& op, const NodeArguments<T>& node) {
  scaled_add_grad(op.forward, node.x(0), node.y);
}

}  // namespace apatite::engine::reference
