#include "image/pillow_resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace apatite {
namespace {

using Index = std::int64_t;

// Pillow's PRECISION_BITS: 32 - 8 - 2.
constexpr int kFractionBits = 22;

// Towards zero: Pillow adds a half before it, also where that does not round to nearest.
Index cut(double x) { return static_cast<Index>(x); }

// The taps of every output position along one axis.
struct Axis {
  struct Window {
    Index first;  // source position
    Index count;
  };
  std::vector<Window> windows;
  std::vector<double> weights;  // window i at i * stride
  Index stride = 0;

  [[nodiscard]] std::span<const double> taps(Index i) const {
    const auto count = static_cast<std::size_t>(windows[static_cast<std::size_t>(i)].count);
    return {weights.data() + i * stride, count};
  }
};

struct Filter {
  double (*value)(double);
  double support;
};

constexpr Filter kTriangle{[](double x) { return std::max(0.0, 1.0 - std::fabs(x)); }, 1.0};

// The order of the operations is Pillow's precompute_coeffs; every one of them rounds.
Axis make_axis(const Filter& filter, Index in, Index out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double filter_scale = std::max(1.0, scale);
  const double support = filter.support * filter_scale;
  const double inverse = 1.0 / filter_scale;
  Axis axis;
  axis.stride = cut(std::ceil(support)) * 2 + 1;
  axis.windows.resize(static_cast<std::size_t>(out));
  axis.weights.assign(static_cast<std::size_t>(out * axis.stride), 0.0);
  for (Index i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const Index first = std::max<Index>(0, cut(center - support + 0.5));
    const Index end = std::min(in, cut(center + support + 0.5));
    double* weights = axis.weights.data() + i * axis.stride;
    double sum = 0.0;
    for (Index tap = 0; tap < end - first; ++tap) {
      weights[tap] = filter.value((static_cast<double>(tap + first) - center + 0.5) * inverse);
      sum += weights[tap];
    }
    if (sum != 0.0) {
      for (Index tap = 0; tap < end - first; ++tap) weights[tap] /= sum;
    }
    axis.windows[static_cast<std::size_t>(i)] = {first, end - first};
  }
  return axis;
}

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
  Axis axis = make_axis(filter, in, out);
  for (double& w : axis.weights) w = Arithmetic<T>::weight(w);
  return axis;
}

// A plane of rows of `width` pixels of `channels` samples.
template <class T>
struct Rows {
  T* data;
  Index width;
  Index channels;
  [[nodiscard]] Index length() const { return width * channels; }
  [[nodiscard]] T* row(Index y) const { return data + y * length(); }
};

// Rows are taken kLanes at a time, transposed to [sample][row]: the chains of the rows are
// independent, so they fill vector registers while each keeps its order.
constexpr Index kLanes = 8;

template <class T>
void transpose_rows(const Rows<const T>& from, Index y, Index rows, std::vector<double>& to) {
  const Index length = from.length();
  for (Index lane = 0; lane < kLanes; ++lane) {
    const T* row = from.row(y + std::min(lane, rows - 1));  // short block: repeat the last row
    for (Index i = 0; i < length; ++i) {
      to[static_cast<std::size_t>(i * kLanes + lane)] = static_cast<double>(row[i]);
    }
  }
}

// Rows [0, count) of `from` to rows of another width.
template <class T>
void horizontal_pass(const Axis& axis, const Rows<const T>& from, Index count, const Rows<T>& to) {
  std::vector<double> block(static_cast<std::size_t>(from.length() * kLanes));
  const Index channels = from.channels;
  for (Index y = 0; y < count; y += kLanes) {
    const Index rows = std::min(kLanes, count - y);
    transpose_rows(from, y, rows, block);
    for (Index x = 0; x < to.width; ++x) {
      const std::span<const double> taps = axis.taps(x);
      const double* first =
          block.data() + axis.windows[static_cast<std::size_t>(x)].first * channels * kLanes;
      for (Index c = 0; c < channels; ++c) {
        std::array<double, kLanes> sums;
        sums.fill(Arithmetic<T>::kStart);
        const double* sample = first + c * kLanes;
        for (const double w : taps) {
          for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += sample[lane] * w;
          sample += channels * kLanes;
        }
        for (Index lane = 0; lane < rows; ++lane) {
          to.row(y + lane)[x * channels + c] =
              Arithmetic<T>::finish(sums[static_cast<std::size_t>(lane)]);
        }
      }
    }
  }
}

// Every row of `to` from the rows of `from`, whose first row is the source's row `offset`.
template <class T>
void vertical_pass(const Axis& axis, const Rows<const T>& from, Index offset, Index height,
                   const Rows<T>& to) {
  constexpr Index kTile = 256;
  std::array<double, kTile> sums;
  for (Index y = 0; y < height; ++y) {
    const std::span<const double> taps = axis.taps(y);
    const Index first = axis.windows[static_cast<std::size_t>(y)].first - offset;
    for (Index x = 0; x < to.length(); x += kTile) {
      const Index count = std::min(kTile, to.length() - x);
      sums.fill(Arithmetic<T>::kStart);
      for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        const T* row = from.row(first + static_cast<Index>(tap)) + x;
        const double w = taps[tap];
        for (Index i = 0; i < count; ++i) {
          sums[static_cast<std::size_t>(i)] += static_cast<double>(row[i]) * w;
        }
      }
      std::transform(sums.begin(), sums.begin() + count, to.row(y) + x, Arithmetic<T>::finish);
    }
  }
}

// The rows [first, first + count) of the source that the vertical pass reads.
struct UsedRows {
  Index first;
  Index count;
};

UsedRows used_rows(const Axis& rows) {
  const Index first = rows.windows.front().first;
  return {first, rows.windows.back().first + rows.windows.back().count - first};
}

enum class Order { kHorizontalFirst, kPillow13 };

bool vertical_first(Order order, const Image& image, Index height, Index width) {
  return order == Order::kPillow13 && height < image.height &&
         image.height - height > 2 * (image.width - width);
}

template <class T>
Image resample(const Image& image, const Filter& filter, Order order, Index height, Index width) {
  const Index channels = image.channels;
  Image result = make_image<T>(height, width, channels, image.source);
  const Rows<T> to{result.values<T>().data(), width, channels};
  const Rows<const T> from{image.values<T>().data(), image.width, channels};
  if (height == image.height && width == image.width) {
    std::copy_n(from.data, height * from.length(), to.data);
    return result;
  }
  if (height == image.height) {
    horizontal_pass(make_axis_for<T>(filter, image.width, width), from, height, to);
    return result;
  }
  const Axis rows = make_axis_for<T>(filter, image.height, height);
  if (width == image.width) {
    vertical_pass(rows, from, 0, height, to);
    return result;
  }
  const Axis columns = make_axis_for<T>(filter, image.width, width);
  if (vertical_first(order, image, height, width)) {
    AlignedArray<T> lowered(static_cast<std::size_t>(height * from.length()));
    vertical_pass(rows, from, 0, height, Rows<T>{lowered.data(), image.width, channels});
    horizontal_pass(columns, Rows<const T>{lowered.data(), image.width, channels}, height, to);
  } else {
    const auto [first, count] = used_rows(rows);
    AlignedArray<T> narrowed(static_cast<std::size_t>(count * to.length()));
    horizontal_pass(columns, Rows<const T>{from.row(first), image.width, channels}, count,
                    Rows<T>{narrowed.data(), width, channels});
    vertical_pass(rows, Rows<const T>{narrowed.data(), width, channels}, first, height, to);
  }
  return result;
}

Image resample(const Image& image, const Filter& filter, Order order, Index height, Index width) {
  return visit_samples(image, [&]<class T>(std::span<const T>) {
    return resample<T>(image, filter, order, height, width);
  });
}

}  // namespace

Image resize_pillow_bilinear(const Image& image, std::int64_t height, std::int64_t width) {
  return resample(image, kTriangle, Order::kPillow13, height, width);
}

Image resize_pillow_12_bilinear(const Image& image, std::int64_t height, std::int64_t width) {
  return resample(image, kTriangle, Order::kHorizontalFirst, height, width);
}

}  // namespace apatite
