// The gradients of the arithmetic contract (docs/arithmetic.md, section 10) as loops, for one
// image: to each function of kernels.h the one that carries the gradient back.
//
// g is the gradient of the score with respect to the operation's result y; gx, the result, is the
// one with respect to its input x, of the shape `in`. T is float or double, as in kernels.h.
#pragma once

#include <span>

#include "engine/reference/kernels.h"

namespace apatite::engine::reference {

// g[c] = 1 for c = target, 0 elsewhere; of a single logit 1 for class 1, -1 for class 0. `target`
// may be kPredicted (engine/graph/score.h).
template <class T>
void score_grad(View<T> logits, std::int64_t target, T* g);

// gx[ic][h][w] = sum over oc, kh, kw (ascending, one fma each, from +0) of
//                g[oc][oh][ow] * weight[oc][ic][kh][kw]
// where oh*stride + kh*dilation - top = h (and so for the width) and oh lies inside g; then + 0. oc
// runs within the group of ic.
template <class T>
void conv2d_input_grad(const Conv2d& op, View<T> g, const T* weight, T* gx, const Shape& in);

// gx = g * scale, one rounding, then + 0, per channel.
template <class T>
void batch_norm_grad(View<T> g, const Affine<T>& affine, T* gx);

// gx = y > 0 ? g : 0.
template <class T>
void relu_grad(View<T> g, View<T> y, T* gx);

// Each g goes to the first maximum of its window in row-major order; where windows overlap, the
// sum from +0 in ascending order of (oh, ow).
template <class T>
void max_pool2d_grad(const MaxPool2d& op, View<T> g, View<T> x, T* gx);

// Each g / count goes to all taps of its window inside the image; sums as above.
template <class T>
void avg_pool2d_grad(const AvgPool2d& op, View<T> g, T* gx, const Shape& in);

// gx = g / (H * W) + 0, everywhere.
template <class T>
void global_avg_pool_grad(View<T> g, T* gx, const Shape& in);

// gx[i] = sum over o (ascending, one fma each, from +0) of g[o] * weight[o][i]; then + 0.
template <class T>
void linear_input_grad(View<T> g, const T* weight, T* gx, const Shape& in);

// Channels [op.first_channel, op.first_channel + out.channels).
template <class T>
void slice(const Slice& op, View<T> x, T* y, const Shape& out);

// gx[c][oh*stride][ow*stride] = g[before + c][oh][ow], 0 elsewhere.
template <class T>
void subsample_pad_grad(const SubsamplePad& op, View<T> g, T* gx, const Shape& in);

}  // namespace apatite::engine::reference
