// Operations that move values and compute nothing, and their gradients (docs/arithmetic.md,
// sections 6 and 10).
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. Of the gradients g
// is the one of the score with respect to the operation's result y; gx, the result, is the one with
// respect to its input x, of the shape `in`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

// y = the inputs, one after the other. The gradient with respect to one of them is a slice.
template <class T>
void concat(std::span<const View<T>> inputs, T* y) {
  for (const View<T>& input : inputs) y = std::copy_n(input.data, input.shape.size(), y);
}

// Channels [op.first_channel, op.first_channel + out.channels).
template <class T>
void slice(const Slice& op, View<T> x, T* y, const Shape& out) {
  std::copy_n(x.data + op.first_channel * out.height * out.width, out.size(), y);
}

// y[before + c][oh][ow] = x[c][oh*stride][ow*stride]; +0 in the channels before and after.
template <class T>
void subsample_pad(const SubsamplePad& op, View<T> x, T* y, const Shape& out) {
  const std::int64_t plane = out.height * out.width;
  y = std::fill_n(y, op.channels_before * plane, T{0});
  for (std::int64_t c = 0; c < x.shape.channels; ++c) {
    for (std::int64_t oh = 0; oh < out.height; ++oh) {
      for (std::int64_t ow = 0; ow < out.width; ++ow) {
        *y++ = x.data[(c * x.shape.height + oh * op.stride) * x.shape.width + ow * op.stride];
      }
    }
  }
  std::fill_n(y, op.channels_after * plane, T{0});
}

// gx[c][oh*stride][ow*stride] = g[before + c][oh][ow], 0 elsewhere.
template <class T>
void subsample_pad_grad(const SubsamplePad& op, View<T> g, T* gx, const Shape& in) {
  std::fill_n(gx, in.size(), T{0});
  const T* next = g.data + op.channels_before * g.shape.height * g.shape.width;
  for (std::int64_t c = 0; c < in.channels; ++c) {
    for (std::int64_t oh = 0; oh < g.shape.height; ++oh) {
      T* row = gx + (c * in.height + oh * op.stride) * in.width;
      for (std::int64_t ow = 0; ow < g.shape.width; ++ow) row[ow * op.stride] = *next++;
    }
  }
}

template <class T>
void compute(const Input& /*op*/, const NodeArguments<T>& node) {
  std::copy_n(node.x(0).data, node.x(0).shape.size(), node.y);
}

template <class T>
void compute(const Concat& /*op*/, const NodeArguments<T>& node) {
  concat(std::span<const View<T>>(node.inputs), node.y);
}

template <class T>
void compute(const Slice& op, const NodeArguments<T>& node) {
  slice(op, node.x(0), node.y, node.shape());
}

template <class T>
void compute(const SubsamplePad& op, const NodeArguments<T>& node) {
  subsample_pad(op, node.x(0), node.y, node.shape());
}

template <class T>
void compute(const SubsamplePadGrad& op, const NodeArguments<T>& node) {
  subsample_pad_grad(op.forward, node.x(0), node.y, node.shape());
}

}  // namespace apatite::engine::reference
