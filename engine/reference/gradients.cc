#include "engine/reference/gradients.h"

#include <algorithm>
#include <cmath>

#include "engine/graph/score.h"
#include "engine/reference/loops.h"

namespace apatite::engine::reference {
namespace {

// acc[i * step] = fma(g[i], w, acc[i * step]): one tap for a row of outputs.
APATITE_FMA_CLONES void fma_row(float* acc, const float* g, std::int64_t step, float w,
                                std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(g[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i * step] = std::fma(g[i], w, acc[i * step]);
  }
}

APATITE_FMA_CLONES void fma_row(double* acc, const double* g, std::int64_t step, double w,
                                std::int64_t count) {
  if (step == 1) {
    for (std::int64_t i = 0; i < count; ++i) acc[i] = std::fma(g[i], w, acc[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) acc[i * step] = std::fma(g[i], w, acc[i * step]);
  }
}

}  // namespace

template <class T>
void score_grad(View<T> logits, std::int64_t target, T* g) {
  const std::int64_t count = logits.shape.channels;
  const std::span<const T> values(logits.data, static_cast<std::size_t>(count));
  if (target == kPredicted) target = predicted_class(values);
  std::fill_n(g, count, T{0});
  if (count == 1) {
    g[0] = target == 1 ? T{1} : T{-1};
  } else {
    g[target] = 1;
  }
}

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
            fma_row(row, from, op.stride.width, *w, end - begin);
          }
        }
      }
    }
    for (std::int64_t i = 0; i < in.height * in.width; ++i) acc[i] += T{0};
  }
}

template <class T>
void batch_norm_grad(View<T> g, const Affine<T>& affine, T* gx) {
  const std::int64_t plane = g.shape.height * g.shape.width;
  for (std::int64_t c = 0; c < g.shape.channels; ++c) {
    const T scale = affine.scale[static_cast<std::size_t>(c)];
    for (std::int64_t i = c * plane; i < (c + 1) * plane; ++i) gx[i] = g.data[i] * scale + T{0};
  }
}

template <class T>
void relu_grad(View<T> g, View<T> y, T* gx) {
  std::transform(g.data, g.data + g.shape.size(), y.data, gx,
                 [](T gradient, T result) { return result > 0 ? gradient : T{0}; });
}

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
void global_avg_pool_grad(View<T> g, T* gx, const Shape& in) {
  const std::int64_t plane = in.height * in.width;
  for (std::int64_t c = 0; c < in.channels; ++c) {
    std::fill_n(gx + c * plane, plane, g.data[c] / static_cast<T>(plane) + T{0});
  }
}

template <class T>
void linear_input_grad(View<T> g, const T* weight, T* gx, const Shape& in) {
  const std::int64_t count = in.size();
  std::fill_n(gx, count, T{0});
  for (std::int64_t o = 0; o < g.shape.channels; ++o) {
    fma_row(gx, weight + o * count, 1, g.data[o], count);
  }
  for (std::int64_t i = 0; i < count; ++i) gx[i] += T{0};
}

template <class T>
void slice(const Slice& op, View<T> x, T* y, const Shape& out) {
  std::copy_n(x.data + op.first_channel * out.height * out.width, out.size(), y);
}

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

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define APATITE_INSTANTIATE(T)                                                         \
  template void score_grad(View<T>, std::int64_t, T*);                                 \
  template void conv2d_input_grad(const Conv2d&, View<T>, const T*, T*, const Shape&); \
  template void batch_norm_grad(View<T>, const Affine<T>&, T*);                        \
  template void relu_grad(View<T>, View<T>, T*);                                       \
  template void max_pool2d_grad(const MaxPool2d&, View<T>, View<T>, T*);               \
  template void avg_pool2d_grad(const AvgPool2d&, View<T>, T*, const Shape&);          \
  template void global_avg_pool_grad(View<T>, T*, const Shape&);                       \
  template void linear_input_grad(View<T>, const T*, T*, const Shape&);                \
  template void slice(const Slice&, View<T>, T*, const Shape&);                        \
  template void subsample_pad_grad(const SubsamplePad&, View<T>, T*, const Shape&);
// NOLINTEND(bugprone-macro-parentheses)
APATITE_INSTANTIATE(float)
APATITE_INSTANTIATE(double)
#undef APATITE_INSTANTIATE

}  // namespace apatite::engine::reference
