// Maximum and average pooling, and their gradients (docs/arithmetic.md, sections 7 and 10).
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. Of the gradients g
// is the one of the score with respect to the operation's result y; gx, the result, is the one with
// respect to its input x, of the shape `in`.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/reference/loops.h"
#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

// The first maximum of the window in row-major order; NaN wins.
template <class T>
void max_pool2d(const MaxPool2d& op, View<T> x, T* y, const Shape& out) {
  for (std::int64_t c = 0; c < out.channels; ++c) {
    const T* image = x.data + c * x.shape.height * x.shape.width;
    for (std::int64_t oh = 0; oh < out.height; ++oh) {
      for (std::int64_t ow = 0; ow < out.width; ++ow) {
        T best = 0;
        bool first = true;
        for_each_tap(op.kernel, op.dilation, oh * op.stride.height - op.padding.top,
                     ow * op.stride.width - op.padding.left, x.shape.height, x.shape.width,
                     [&](std::int64_t row, std::int64_t column) {
                       const T value = image[row * x.shape.width + column];
                       if (first || value > best || std::isnan(value)) best = value;
                       first = false;
                     });
        *y++ = best;
      }
    }
  }
}

// Each g goes to the first maximum of its window in row-major order; where windows overlap, the
// sum from +0 in ascending order of (oh, ow).
template <class T>
void max_pool2d_grad(const MaxPool2d& op, View<T> g, View<T> x, T* gx) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  std::fill_n(gx, x.shape.size(), T{0});
  const T* next = g.data;
  for (std::int64_t c = 0; c < g.shape.channels; ++c) {
    const T* image = x.data + c * plane;
    for (std::int64_t oh = 0; oh < g.shape.height; ++oh) {
      for (std::int64_t ow = 0; ow < g.shape.width; ++ow) {
        std::int64_t best = -1;
        for_each_tap(op.kernel, op.dilation, oh * op.stride.height - op.padding.top,
                     ow * op.stride.width - op.padding.left, x.shape.height, x.shape.width,
                     [&](std::int64_t row, std::int64_t column) {
                       const std::int64_t at = row * x.shape.width + column;
                       if (best < 0 || image[at] > image[best]) best = at;
                     });
        gx[c * plane + best] += *next++;
      }
    }
  }
}

// Sum in row-major order from +0, then one division by the count of taps.
template <class T>
void avg_pool2d(const AvgPool2d& op, View<T> x, T* y, const Shape& out) {
  for (std::int64_t c = 0; c < out.channels; ++c) {
    const T* image = x.data + c * x.shape.height * x.shape.width;
    for (std::int64_t oh = 0; oh < out.height; ++oh) {
      for (std::int64_t ow = 0; ow < out.width; ++ow) {
        T sum = 0;
        for_each_tap(op.kernel, Extent{}, oh * op.stride.height - op.padding.top,
                     ow * op.stride.width - op.padding.left, x.shape.height, x.shape.width,
                     [&](std::int64_t row, std::int64_t column) {
                       sum += image[row * x.shape.width + column];
                     });
        const std::int64_t count = average_taps(op, {x.shape.height, x.shape.width}, {oh, ow});
        *y++ = sum / static_cast<T>(count) + T{0};
      }
    }
  }
}

// Each g / count goes to all taps of its window inside the image; sums as above.
template <class T>
void avg_pool2d_grad(const AvgPool2d& op, View<T> g, T* gx, const Shape& in) {
  std::fill_n(gx, in.size(), T{0});
  const T* next = g.data;
  for (std::int64_t c = 0; c < g.shape.channels; ++c) {
    T* image = gx + c * in.height * in.width;
    for (std::int64_t oh = 0; oh < g.shape.height; ++oh) {
      for (std::int64_t ow = 0; ow < g.shape.width; ++ow) {
        const std::int64_t count = average_taps(op, {in.height, in.width}, {oh, ow});
        const T share = *next++ / static_cast<T>(count);
        for_each_tap(op.kernel, Extent{}, oh * op.stride.height - op.padding.top,
                     ow * op.stride.width - op.padding.left, in.height, in.width,
                     [&](std::int64_t row, std::int64_t column) {
                       image[row * in.width + column] += share;
                     });
      }
    }
  }
}

template <class T>
void global_avg_pool(View<T> x, T* y) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  for (std::int64_t c = 0; c < x.shape.channels; ++c) {
    T sum = 0;
    for (std::int64_t i = 0; i < plane; ++i) sum += x.data[c * plane + i];
    y[c] = sum / static_cast<T>(plane) + T{0};
  }
}

// gx = g / (H * W) + 0, everywhere.
template <class T>
void global_avg_pool_grad(View<T> g, T* gx, const Shape& in) {
  const std::int64_t plane = in.height * in.width;
  for (std::int64_t c = 0; c < in.channels; ++c) {
    std::fill_n(gx + c * plane, plane, g.data[c] / static_cast<T>(plane) + T{0});
  }
}

template <class T>
void compute(const MaxPool2d& op, const NodeArguments<T>& node) {
  max_pool2d(op, node.x(0), node.y, node.shape());
}

template <class T>
void compute(const MaxPool2dGrad& op, const NodeArguments<T>& node) {
  max_pool2d_grad(op.forward, node.x(0), node.x(1), node.y);
}

template <class T>
void compute(const AvgPool2d& op, const NodeArguments<T>& node) {
  avg_pool2d(op, node.x(0), node.y, node.shape());
}

template <class T>
void compute(const AvgPool2dGrad& op, const NodeArguments<T>& node) {
  avg_pool2d_grad(op.forward, node.x(0), node.y, node.shape());
}

template <class T>
void compute(const GlobalAvgPool& /*op*/, const NodeArguments<T>& node) {
  global_avg_pool(node.x(0), node.y);
}

template <class T>
void compute(const GlobalAvgPoolGrad& /*op*/, const NodeArguments<T>& node) {
  global_avg_pool_grad(node.x(0), node.y, node.shape());
}

}  // namespace apatite::engine::reference
