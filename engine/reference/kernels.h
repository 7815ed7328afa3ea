// The arithmetic contract (docs/arithmetic.md) as loops, for one image.
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. No function here
// checks anything: layers/ did when the graph was built.
#pragma once

#include <span>

#include "engine/graph/batch_norm.h"
#include "engine/graph/op.h"
#include "engine/graph/shape.h"

namespace apatite::engine::reference {

// One image at a node.
template <class T>
struct View {
  const T* data;
  Shape shape;
};

// y[oc][oh][ow] = bias[oc] + sum over ic, kh, kw (ascending, one fma each, from +0) of
//                 x[ic][oh*stride + kh*dilation - top][...] * weight[oc][ic][kh][kw];
// taps outside the image are skipped. `bias` may be null. ic runs within the group of oc.
template <class T>
void conv2d(const Conv2d& op, View<T> x, const T* weight, const T* bias, T* y, const Shape& out);

// y = fma(x, scale, shift), per channel.
template <class T>
void batch_norm(View<T> x, const Affine<T>& affine, T* y);

// y = x < 0 ? 0 : x; NaN stays.
template <class T>
void relu(View<T> x, T* y);

// The first maximum of the window in row-major order; NaN wins.
template <class T>
void max_pool2d(const MaxPool2d& op, View<T> x, T* y, const Shape& out);

// Sum in row-major order from +0, then one division by the count of taps.
template <class T>
void avg_pool2d(const AvgPool2d& op, View<T> x, T* y, const Shape& out);

template <class T>
void global_avg_pool(View<T> x, T* y);

// y[o] = bias[o] + sum over i (ascending, one fma each, from +0) of x[i] * weight[o][i].
template <class T>
void linear(const Linear& op, View<T> x, const T* weight, const T* bias, T* y);

template <class T>
void add(View<T> a, View<T> b, T* y);

template <class T>
void concat(std::span<const View<T>> inputs, T* y);

template <class T>
void subsample_pad(const SubsamplePad& op, View<T> x, T* y, const Shape& out);

}  // namespace apatite::engine::reference
