#include "engine/reference/kernels.h"

#include <algorithm>
#include <cmath>

#include "engine/reference/loops.h"

namespace apatite::engine::reference {
namespace {

// acc[i] = fma(x[i * step], w, acc[i]): one tap for a row of outputs. Each output has its own
// chain, so the row may be computed in any order or at once.
APATITE_FMA_CLONES void fma_row(float* acc, const float* x, std::int64_t step, float w,
                                std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i * step], w, acc[i]);
  }
}

APATITE_FMA_CLONES void fma_row(double* acc, const double* x, std::int64_t step, double w,
                                std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(x[i * step], w, acc[i]);
  }
}

// The chain of a dot product, from +0.
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

}  // namespace

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
            fma_row(acc + oh * out.width + begin, row, op.stride.width, *w, end - begin);
          }
        }
      }
    }
    // A chain that underflows below zero ends in -0; adding the bias or +0 keeps the zero one.
    const T last = bias != nullptr ? bias[oc] : T{0};
    for (std::int64_t i = 0; i < out.height * out.width; ++i) acc[i] += last;
  }
}

template <class T>
void batch_norm(View<T> x, const Affine<T>& affine, T* y) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  for (std::int64_t c = 0; c < x.shape.channels; ++c) {
    const T scale = affine.scale[static_cast<std::size_t>(c)];
    const T shift = affine.shift[static_cast<std::size_t>(c)];
    T* row = y + c * plane;
    std::fill_n(row, plane, shift);
    fma_row(row, x.data + c * plane, 1, scale, plane);
    // fma(x, scale, +0) is -0 where the product is -0 or underflows below zero: one zero.
    for (std::int64_t i = 0; i < plane; ++i) row[i] += T{0};
  }
}

template <class T>
void relu(View<T> x, T* y) {
  std::transform(x.data, x.data + x.shape.size(), y, [](T v) { return v < 0 ? T{0} : v; });
}

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

template <class T>
void global_avg_pool(View<T> x, T* y) {
  const std::int64_t plane = x.shape.height * x.shape.width;
  for (std::int64_t c = 0; c < x.shape.channels; ++c) {
    T sum = 0;
    for (std::int64_t i = 0; i < plane; ++i) sum += x.data[c * plane + i];
    y[c] = sum / static_cast<T>(plane) + T{0};
  }
}

template <class T>
void linear(const Linear& op, View<T> x, const T* weight, const T* bias, T* y) {
  const std::int64_t count = x.shape.size();
  for (std::int64_t o = 0; o < op.out_features; ++o) {
    y[o] = fma_chain(x.data, weight + o * count, count) + (bias != nullptr ? bias[o] : T{0});
  }
}

template <class T>
void add(View<T> a, View<T> b, T* y) {
  std::transform(a.data, a.data + a.shape.size(), b.data, y, [](T u, T v) { return u + v; });
}

template <class T>
void concat(std::span<const View<T>> inputs, T* y) {
  for (const View<T>& input : inputs) y = std::copy_n(input.data, input.shape.size(), y);
}

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

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define APATITE_INSTANTIATE(T)                                                        \
  template void conv2d(const Conv2d&, View<T>, const T*, const T*, T*, const Shape&); \
  template void batch_norm(View<T>, const Affine<T>&, T*);                            \
  template void relu(View<T>, T*);                                                    \
  template void max_pool2d(const MaxPool2d&, View<T>, T*, const Shape&);              \
  template void avg_pool2d(const AvgPool2d&, View<T>, T*, const Shape&);              \
  template void global_avg_pool(View<T>, T*);                                         \
  template void linear(const Linear&, View<T>, const T*, const T*, T*);               \
  template void add(View<T>, View<T>, T*);                                            \
  template void concat(std::span<const View<T>>, T*);                                 \
  template void subsample_pad(const SubsamplePad&, View<T>, T*, const Shape&);
// NOLINTEND(bugprone-macro-parentheses)
APATITE_INSTANTIATE(float)
APATITE_INSTANTIATE(double)
#undef APATITE_INSTANTIATE

}  // namespace apatite::engine::reference
