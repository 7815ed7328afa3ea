// Separable resampling: what the methods of pillow_resample.cc and torch_resample.cc share. Along
// each axis an output position is a weighted sum over a window of source positions; the sums run in
// binary64 in ascending order of the source.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace apatite::image::resample {

using Index = std::int64_t;

// The taps of every output position along one axis.
struct Axis {
  struct Window {
    Index first;  // source position
    Index count;
  };
  std::vector<Window> windows;
  std::vector<double> weights;  // window i at i * stride
  Index stride = 0;

  [[nodiscard]] Index size() const { return static_cast<Index>(windows.size()); }
  [[nodiscard]] const Window& window(Index i) const { return windows[static_cast<std::size_t>(i)]; }
  [[nodiscard]] std::span<const double> taps(Index i) const {
    return {weights.data() + i * stride, static_cast<std::size_t>(window(i).count)};
  }
};

struct Filter {
  double (*value)(double);
  double support;
};

// max(0, 1 - |x|).
double triangle(double x);
// The cubic convolution of R. G. Keys (IEEE Trans. ASSP 29, 1981) with his a, on [-2, 2].
double cubic(double x, double a);

// The windows of Pillow and of torch's antialias: with scale = in / out, s = max(1, scale) and the
// centre c = (i + 0.5) * scale, the taps are the positions x from max(0, trunc(c - support * s +
// 0.5)) up to, not including, min(in, trunc(c + support * s + 0.5)), with the weights
// filter((x - c + 0.5) * (1 / s)) divided by their sum in ascending order; every operation in this
// order, rounded once.
Axis filter_axis(const Filter& filter, Index in, Index out);

// Rows of `width` pixels of `channels` samples.
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
  std::array<const T*, kLanes> lanes;
  for (Index lane = 0; lane < kLanes; ++lane) {  // short block: repeat the last row
    lanes[static_cast<std::size_t>(lane)] = from.row(y + std::min(lane, rows - 1));
  }
  double* out = to.data();
  for (Index i = 0; i < from.length(); ++i) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      out[lane] = static_cast<double>(lanes[lane][i]);
    }
    out += kLanes;
  }
}

// Rows [0, count) of `from` to rows of another width. Arithmetic says where sums start and how they
// become samples: `static constexpr double kStart` and `static Out finish(double)`.
template <class Arithmetic, class In, class Out>
void horizontal_pass(const Axis& axis, const Rows<const In>& from, Index count,
                     const Rows<Out>& to) {
  std::vector<double> block(static_cast<std::size_t>(from.length() * kLanes));
  const Index channels = from.channels;
  for (Index y = 0; y < count; y += kLanes) {
    const Index rows = std::min(kLanes, count - y);
    transpose_rows(from, y, rows, block);
    for (Index x = 0; x < to.width; ++x) {
      const std::span<const double> taps = axis.taps(x);
      const double* first = block.data() + axis.window(x).first * channels * kLanes;
      for (Index c = 0; c < channels; ++c) {
        std::array<double, kLanes> sums;
        sums.fill(Arithmetic::kStart);
        const double* sample = first + c * kLanes;
        for (const double w : taps) {
          for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += sample[lane] * w;
          sample += channels * kLanes;
        }
        for (Index lane = 0; lane < rows; ++lane) {
          to.row(y + lane)[x * channels + c] =
              Arithmetic::finish(sums[static_cast<std::size_t>(lane)]);
        }
      }
    }
  }
}

// Every row of `to`, one per position of `axis`, from the rows of `from`, whose first row is the
// source's row `offset`.
template <class Arithmetic, class In, class Out>
void vertical_pass(const Axis& axis, const Rows<const In>& from, Index offset,
                   const Rows<Out>& to) {
  constexpr Index kTile = 256;
  std::array<double, kTile> sums;
  for (Index y = 0; y < axis.size(); ++y) {
    const std::span<const double> taps = axis.taps(y);
    const Index first = axis.window(y).first - offset;
    for (Index x = 0; x < to.length(); x += kTile) {
      const Index count = std::min(kTile, to.length() - x);
      sums.fill(Arithmetic::kStart);
      for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        const In* row = from.row(first + static_cast<Index>(tap)) + x;
        const double w = taps[tap];
        for (Index i = 0; i < count; ++i) {
          sums[static_cast<std::size_t>(i)] += static_cast<double>(row[i]) * w;
        }
      }
      std::transform(sums.begin(), sums.begin() + count, to.row(y) + x, Arithmetic::finish);
    }
  }
}

// The rows [first, first + count) of the source that a vertical pass reads.
struct UsedRows {
  Index first;
  Index count;
};

inline UsedRows used_rows(const Axis& rows) {
  const Index first = rows.windows.front().first;
  return {first, rows.windows.back().first + rows.windows.back().count - first};
}

}  // namespace apatite::image::resample
