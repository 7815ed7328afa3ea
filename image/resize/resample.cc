#include "image/resize/resample.h"

#include <cmath>

namespace apatite::image::resample {
namespace {

// Towards zero: Pillow adds a half before it, also where that does not round to nearest.
Index cut(double x) { return static_cast<Index>(x); }

}  // namespace

double triangle(double x) { return std::max(0.0, 1.0 - std::fabs(x)); }

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

Axis filter_axis(const Filter& filter, Index in, Index out) {
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

}  // namespace apatite::image::resample
