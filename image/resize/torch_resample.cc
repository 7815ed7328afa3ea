#include "image/resize/torch_resample.h"

#include <cmath>
#include <cstddef>

#include "image/resize/resample.h"

namespace apatite::image {
namespace {

using resample::Axis;
using resample::Filter;
using resample::Index;
using resample::Rows;

using MakeAxis = Axis (*)(Index in, Index out);

// Each source position once, with the sum of the weights of the taps that fall on it: taps beyond
// an edge fall on the edge.
void add_clamped_window(Axis& axis, Index i, Index first, std::span<const double> taps, Index in) {
  const auto clamped = [&](std::size_t tap) {
    return std::clamp<Index>(first + static_cast<Index>(tap), 0, in - 1);
  };
  const Index start = clamped(0);
  double* weights = axis.weights.data() + i * axis.stride;
  for (std::size_t tap = 0; tap < taps.size(); ++tap) weights[clamped(tap) - start] += taps[tap];
  axis.windows[static_cast<std::size_t>(i)] = {start, clamped(taps.size() - 1) - start + 1};
}

Axis empty_axis(Index out, Index taps) {
  Axis axis;
  axis.stride = taps;
  axis.windows.resize(static_cast<std::size_t>(out));
  axis.weights.assign(static_cast<std::size_t>(out * taps), 0.0);
  return axis;
}

// The position in the source that the middle of output pixel i falls on.
double source_position(Index i, Index in, Index out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  return (static_cast<double>(i) + 0.5) * scale - 0.5;
}

Axis linear_axis(Index in, Index out) {
  Axis axis = empty_axis(out, 2);
  for (Index i = 0; i < out; ++i) {
    const double position = std::max(0.0, source_position(i, in, out));
    const double first = std::floor(position);
    const double t = position - first;
    add_clamped_window(axis, i, static_cast<Index>(first), std::array{1.0 - t, t}, in);
  }
  return axis;
}

Axis cubic_axis(Index in, Index out) {
  constexpr double a = -0.75;
  Axis axis = empty_axis(out, 4);
  for (Index i = 0; i < out; ++i) {
    const double position = source_position(i, in, out);
    const double floor = std::floor(position);
    const double t = position - floor;
    const std::array taps{resample::cubic(t + 1.0, a), resample::cubic(t, a),
                          resample::cubic(1.0 - t, a), resample::cubic(2.0 - t, a)};
    add_clamped_window(axis, i, static_cast<Index>(floor) - 1, taps, in);
  }
  return axis;
}

Axis wide_linear_axis(Index in, Index out) {
  return resample::filter_axis({resample::triangle, 1.0}, in, out);
}

Axis wide_cubic_axis(Index in, Index out) {
  return resample::filter_axis({[](double x) { return resample::cubic(x, -0.5); }, 2.0}, in, out);
}

struct Binary64 {
  static constexpr double kStart = 0.0;
  static double finish(double sum) { return sum; }
};

template <class T>
Image resize(const Image& image, MakeAxis make_axis, Index height, Index width) {
  const Index channels = image.channels;
  Image result = make_image<double>(height, width, channels, image.source);
  const Rows<double> to{result.values<double>().data(), width, channels};
  const Rows<const T> from{image.values<T>().data(), image.width, channels};
  // An axis whose length stays has one tap of weight 1 per position: the pass changes nothing.
  if (height == image.height && width == image.width) {
    std::copy_n(from.data, height * from.length(), to.data);
    return result;
  }
  if (height == image.height) {
    resample::horizontal_pass<Binary64>(make_axis(image.width, width), from, height, to);
    return result;
  }
  const Axis rows = make_axis(image.height, height);
  if (width == image.width) {
    resample::vertical_pass<Binary64>(rows, from, 0, to);
    return result;
  }
  const auto [first, count] = resample::used_rows(rows);
  engine::AlignedArray<double> narrowed(static_cast<std::size_t>(count * to.length()));
  resample::horizontal_pass<Binary64>(make_axis(image.width, width),
                                      Rows<const T>{from.row(first), image.width, channels}, count,
                                      Rows<double>{narrowed.data(), width, channels});
  resample::vertical_pass<Binary64>(rows, Rows<const double>{narrowed.data(), width, channels},
                                    first, to);
  return result;
}

Image resize(const Image& image, MakeAxis make_axis, Index height, Index width) {
  return visit_samples(image, [&]<class T>(std::span<const T>) {
    return resize<T>(image, make_axis, height, width);
  });
}

}  // namespace

Image resize_torch_bilinear(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, linear_axis, height, width);
}

Image resize_torch_bicubic(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, cubic_axis, height, width);
}

Image resize_torch_bilinear_antialias(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, wide_linear_axis, height, width);
}

Image resize_torch_bicubic_antialias(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, wide_cubic_axis, height, width);
}

}  // namespace apatite::image
