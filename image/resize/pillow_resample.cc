#include "image/resize/pillow_resample.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <type_traits>

#include "image/resize/resample.h"
#include "image/resize/sine.h"

namespace apatite::image {
namespace {

using resample::Axis;
using resample::Filter;
using resample::Index;
using resample::Rows;

// Pillow's PRECISION_BITS: 32 - 8 - 2.
constexpr int kFractionBits = 22;

Index cut(double x) { return static_cast<Index>(x); }

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double cubic(double x) { return resample::cubic(x, -0.5); }

double sinc(double x) {
  if (x == 0.0) return 1.0;
  const double angle = x * std::numbers::pi;
  return sine(angle) / angle;
}

double lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

constexpr Filter kBox{box, 0.5};
constexpr Filter kBilinear{resample::triangle, 1.0};
constexpr Filter kBicubic{cubic, 2.0};
constexpr Filter kLanczos{lanczos, 3.0};

// How Pillow weighs, starts and ends a sum, per sample type. Sums run in binary64: for 8-bit
// samples every product and sum is an integer below 2^53, so they equal Pillow's 32-bit integers.
template <class T>
struct Arithmetic {
  static double weight(double w) { return w; }
  static constexpr double kStart = 0.0;
  static T finish(double sum) {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(sum);
    } else {
      return static_cast<T>(
          std::clamp(cut(sum + (sum >= 0 ? 0.5 : -0.5)), Index{0}, Index{0xFFFF}));
    }
  }
};

template <>
struct Arithmetic<std::uint8_t> {
  static double weight(double w) {
    return std::trunc(w * (1 << kFractionBits) + (w < 0 ? -0.5 : 0.5));
  }
  static constexpr double kStart = 1 << (kFractionBits - 1);
  static std::uint8_t finish(double sum) {
    return static_cast<std::uint8_t>(std::clamp(cut(sum) >> kFractionBits, Index{0}, Index{0xFF}));
  }
};

template <class T>
Axis make_axis_for(const Filter& filter, std::int64_t in, std::int64_t out) {
  Axis axis = resample::filter_axis(filter, in, out);
  for (double& w : axis.weights) w = Arithmetic<T>::weight(w);
  return axis;
}

enum class Order { kHorizontalFirst, kPillow13 };

bool vertical_first(Order order, const Image& image, Index height, Index width) {
  return order == Order::kPillow13 && height < image.height &&
         image.height - height > 2 * (image.width - width);
}

template <class T>
Image resize(const Image& image, const Filter& filter, Order order, Index height, Index width) {
  const Index channels = image.channels;
  Image result = make_image<T>(height, width, channels, image.source);
  const Rows<T> to{result.values<T>().data(), width, channels};
  const Rows<const T> from{image.values<T>().data(), image.width, channels};
  if (height == image.height && width == image.width) {
    std::copy_n(from.data, height * from.length(), to.data);
    return result;
  }
  if (height == image.height) {
    const Axis columns = make_axis_for<T>(filter, image.width, width);
    resample::horizontal_pass<Arithmetic<T>>(columns, from, height, to);
    return result;
  }
  const Axis rows = make_axis_for<T>(filter, image.height, height);
  if (width == image.width) {
    resample::vertical_pass<Arithmetic<T>>(rows, from, 0, to);
    return result;
  }
  const Axis columns = make_axis_for<T>(filter, image.width, width);
  if (vertical_first(order, image, height, width)) {
    engine::AlignedArray<T> lowered(static_cast<std::size_t>(height * from.length()));
    resample::vertical_pass<Arithmetic<T>>(rows, from, 0,
                                           Rows<T>{lowered.data(), image.width, channels});
    resample::horizontal_pass<Arithmetic<T>>(
        columns, Rows<const T>{lowered.data(), image.width, channels}, height, to);
  } else {
    const auto [first, count] = resample::used_rows(rows);
    engine::AlignedArray<T> narrowed(static_cast<std::size_t>(count * to.length()));
    resample::horizontal_pass<Arithmetic<T>>(columns,
                                             Rows<const T>{from.row(first), image.width, channels},
                                             count, Rows<T>{narrowed.data(), width, channels});
    resample::vertical_pass<Arithmetic<T>>(rows, Rows<const T>{narrowed.data(), width, channels},
                                           first, to);
  }
  return result;
}

Image resize(const Image& image, const Filter& filter, Order order, Index height, Index width) {
  return visit_samples(image, [&]<class T>(std::span<const T>) {
    return resize<T>(image, filter, order, height, width);
  });
}

}  // namespace

Image resize_pillow_box(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kBox, Order::kPillow13, height, width);
}

Image resize_pillow_bilinear(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kBilinear, Order::kPillow13, height, width);
}

Image resize_pillow_bicubic(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kBicubic, Order::kPillow13, height, width);
}

Image resize_pillow_lanczos(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kLanczos, Order::kPillow13, height, width);
}

Image resize_pillow_12_bilinear(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kBilinear, Order::kHorizontalFirst, height, width);
}

Image resize_pillow_12_bicubic(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kBicubic, Order::kHorizontalFirst, height, width);
}

Image resize_pillow_12_lanczos(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, kLanczos, Order::kHorizontalFirst, height, width);
}

}  // namespace apatite::image
