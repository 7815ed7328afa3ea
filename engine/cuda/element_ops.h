// All operations but convolutions, one result per call: op(i) computes and writes the i-th of
// op.count() results. engine/reference/kernels.h and gradients.h say what each is; the order of
// every sum is theirs.
//
// Values lie [channel][image][row][column], dense.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/cuda/conv_args.h"
#include "engine/cuda/host_device.h"
#include "engine/graph/op.h"
#include "engine/graph/score.h"
#include "engine/reference/loops.h"

namespace apatite::engine::cuda {

// The shape of a value for a batch.
struct Dense {
  std::int64_t channels;
  std::int64_t images;
  std::int64_t height;
  std::int64_t width;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t pixels() const { return height * width; }
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t plane() const { return images * pixels(); }
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return channels * plane(); }
};

// The place of element i of a value: `map` counts its maps (channel, image).
struct Place {
  std::int64_t map;
  std::int64_t row;
  std::int64_t column;
};
APATITE_HOST_DEVICE inline Place place_of(const Dense& shape, std::int64_t i) {
  return {i / shape.pixels(), i % shape.pixels() / shape.width, i % shape.width};
}

// The batch, image by image, to one value; -0 becomes +0.
struct ReadInput {
  const float* input;
  float* y;
  Dense shape;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t map = i / shape.pixels();
    const std::int64_t from = (map % shape.images) * shape.channels + map / shape.images;
    const float x = input[from * shape.pixels() + i % shape.pixels()];
    check_finite(x, status);
    y[i] = x + 0.0F;
  }
};

// A value to the batch of an output, image by image.
struct WriteOutput {
  const float* x;
  float* output;
  Dense shape;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t map = i / shape.pixels();
    const std::int64_t from = (map % shape.channels) * shape.images + map / shape.channels;
    output[i] = x[from * shape.pixels() + i % shape.pixels()];
  }
};

struct CopyValue {
  const float* x;
  float* y;
  std::int64_t size;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = x[i]; }
};

// y = fma(x, scale, shift) + 0 by channel [, ReLU]; a batch norm, or the gradient of one with
// shifts of +0.
struct AffineOp {
  const float* x;
  const float* scale;
  const float* shift;
  float* y;
  Dense shape;
  bool relu;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t channel = i / shape.plane();
    const float value = fmaf(x[i], scale[channel], shift[channel]) + 0.0F;
    check_finite(value, status);
    y[i] = relu && value < 0 ? 0.0F : value;
  }
};

struct ReluOp {
  const float* x;
  float* y;
  std::int64_t size;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = x[i] < 0 ? 0.0F : x[i]; }
};

struct AddOp {
  const float* a;
  const float* b;
  float* y;
  std::int64_t size;
  bool relu;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const float value = a[i] + b[i];
    check_finite(value, status);
    y[i] = relu && value < 0 ? 0.0F : value;
  }
};

struct MaxPoolOp {
  MaxPool2d op;
  const float* x;
  float* y;
  Dense in;
  Dense out;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const float* image = x + at.map * in.pixels();
    float best = 0;
    bool first = true;
    reference::for_each_tap(op.kernel, op.dilation, at.row * op.stride.height - op.padding.top,
                            at.column * op.stride.width - op.padding.left, in.height, in.width,
                            [&](std::int64_t row, std::int64_t column) {
                              const float value = image[row * in.width + column];
                              if (first || value > best) best = value;
                              first = false;
                            });
    y[i] = best;
  }
};

struct AvgPoolOp {
  AvgPool2d op;
  const float* x;
  float* y;
  Dense in;
  Dense out;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const float* image = x + at.map * in.pixels();
    float sum = 0;
    reference::for_each_tap(
        op.kernel, Extent{}, at.row * op.stride.height - op.padding.top,
        at.column * op.stride.width - op.padding.left, in.height, in.width,
        [&](std::int64_t row, std::int64_t column) { sum += image[row * in.width + column]; });
    const std::int64_t taps = average_taps(op, {in.height, in.width}, {at.row, at.column});
    const float mean = sum / static_cast<float>(taps) + 0.0F;
    check_finite(mean, status);
    y[i] = mean;
  }
};

struct GlobalAvgPoolOp {
  const float* x;
  float* y;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.channels * in.images; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const float* image = x + i * in.pixels();
    float sum = 0;
    for (std::int64_t p = 0; p < in.pixels(); ++p) sum += image[p];
    const float mean = sum / static_cast<float>(in.pixels()) + 0.0F;
    check_finite(mean, status);
    y[i] = mean;
  }
};

struct SubsamplePadOp {
  SubsamplePad op;
  const float* x;
  float* y;
  Dense in;
  Dense out;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return out.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(out, i);
    const std::int64_t map = at.map - op.channels_before * out.images;
    const bool inside = map >= 0 && map < in.channels * in.images;
    y[i] = inside ? x[(map * in.height + at.row * op.stride) * in.width + at.column * op.stride]
                  : 0.0F;
  }
};

struct SubsamplePadGradOp {
  SubsamplePad op;
  const float* g;
  float* gx;
  Dense of_g;
  Dense in;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const std::int64_t map = at.map + op.channels_before * in.images;
    const bool taken = at.row % op.stride == 0 && at.column % op.stride == 0;
    gx[i] = taken ? g[(map * of_g.height + at.row / op.stride) * of_g.width + at.column / op.stride]
                  : 0.0F;
  }
};

// One call per image.
struct ScoreGradOp {
  const float* logits;
  const std::int64_t* targets;  // null: the predicted classes
  float* y;
  Dense shape;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return shape.images; }
  APATITE_HOST_DEVICE void operator()(std::int64_t image) const {
    const auto at = [&](std::int64_t channel) { return channel * shape.images + image; };
    std::int64_t target = targets != nullptr ? targets[image] : kPredicted;
    if (shape.channels == 1) {
      if (target == kPredicted) target = logits[at(0)] > 0 ? 1 : 0;
      y[at(0)] = target == 1 ? 1.0F : -1.0F;
      return;
    }
    if (target == kPredicted) {
      target = 0;
      for (std::int64_t c = 1; c < shape.channels; ++c) {
        if (logits[at(c)] > logits[at(target)]) target = c;
      }
    }
    for (std::int64_t c = 0; c < shape.channels; ++c) y[at(c)] = c == target ? 1.0F : 0.0F;
  }
};

struct ReluGradOp {
  const float* g;
  const float* y;
  float* gx;
  std::int64_t size;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return size; }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const { gx[i] = y[i] > 0 ? g[i] : 0.0F; }
};

// The outputs along one axis whose windows may hold position `at`: [begin, end).
struct Windows {
  std::int64_t begin;
  std::int64_t end;
};
APATITE_HOST_DEVICE inline Windows windows_over(std::int64_t at, std::int64_t padding,
                                                std::int64_t extent, std::int64_t stride,
                                                std::int64_t count) {
  // Output o covers [o * stride - padding, o * stride - padding + extent).
  const std::int64_t last = (at + padding) / stride;
  const std::int64_t before = at + padding - extent;  // o * stride must be above it
  const std::int64_t first = before < 0 ? 0 : before / stride + 1;
  return {first, last + 1 < count ? last + 1 : count};
}

struct MaxPoolGradOp {
  MaxPool2d op;
  const float* g;
  const float* x;
  float* gx;
  Dense of_g;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const float* image = x + at.map * in.pixels();
    const Windows rows =
        windows_over(at.row, op.padding.top, (op.kernel.height - 1) * op.dilation.height + 1,
                     op.stride.height, of_g.height);
    const Windows columns =
        windows_over(at.column, op.padding.left, (op.kernel.width - 1) * op.dilation.width + 1,
                     op.stride.width, of_g.width);
    float sum = 0;
    for (std::int64_t oh = rows.begin; oh < rows.end; ++oh) {
      for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
        if (first_maximum(image, oh, ow) != at.row * in.width + at.column) continue;
        sum += g[(at.map * of_g.height + oh) * of_g.width + ow];
      }
    }
    check_finite(sum, status);
    gx[i] = sum;
  }

 private:
  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t first_maximum(const float* image, std::int64_t oh,
                                                               std::int64_t ow) const {
    std::int64_t best = -1;
    reference::for_each_tap(op.kernel, op.dilation, oh * op.stride.height - op.padding.top,
                            ow * op.stride.width - op.padding.left, in.height, in.width,
                            [&](std::int64_t row, std::int64_t column) {
                              const std::int64_t tap = row * in.width + column;
                              if (best < 0 || image[tap] > image[best]) best = tap;
                            });
    return best;
  }
};

struct AvgPoolGradOp {
  AvgPool2d op;
  const float* g;
  float* gx;
  Dense of_g;
  Dense in;
  std::int32_t* status;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    const Place at = place_of(in, i);
    const Windows rows =
        windows_over(at.row, op.padding.top, op.kernel.height, op.stride.height, of_g.height);
    const Windows columns =
        windows_over(at.column, op.padding.left, op.kernel.width, op.stride.width, of_g.width);
    float sum = 0;
    for (std::int64_t oh = rows.begin; oh < rows.end; ++oh) {
      for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
        const std::int64_t taps = average_taps(op, {in.height, in.width}, {oh, ow});
        sum += g[(at.map * of_g.height + oh) * of_g.width + ow] / static_cast<float>(taps);
      }
    }
    check_finite(sum, status);
    gx[i] = sum;
  }
};

struct GlobalAvgPoolGradOp {
  const float* g;
  float* gx;
  Dense in;

  [[nodiscard]] APATITE_HOST_DEVICE std::int64_t count() const { return in.count(); }
  APATITE_HOST_DEVICE void operator()(std::int64_t i) const {
    gx[i] = g[i / in.pixels()] / static_cast<float>(in.pixels()) + 0.0F;
  }
};

}  // namespace apatite::engine::cuda
