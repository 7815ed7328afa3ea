#include "gradcam/trust/removal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/math.h"
#include "base/random.h"
#include "base/text.h"

namespace apatite::gradcam {
namespace {

constexpr std::array kRemovals{Removal::kBlur, Removal::kMean, Removal::kZero};

// One plane of an image in binary64.
struct Plane {
  std::int64_t height;
  std::int64_t width;
  std::vector<double> values;
};

std::vector<double> gaussian(double deviation) {
  const auto radius = static_cast<std::int64_t>(std::ceil(3 * deviation));
  std::vector<double> weights;
  for (std::int64_t d = 0; d <= radius; ++d) {
    const auto distance = static_cast<double>(d);
    weights.push_back(exponential(-(distance * distance) / (2 * deviation * deviation)));
  }
  return weights;
}

// A weighted mean along lines of `length` values that lie `step` apart.
void blur_line(const double* from, double* to, std::int64_t length, std::int64_t step,
               const std::vector<double>& weights) {
  const auto radius = static_cast<std::int64_t>(weights.size()) - 1;
  for (std::int64_t i = 0; i < length; ++i) {
    double sum = 0;
    double total = 0;
    for (std::int64_t j = std::max<std::int64_t>(0, i - radius);
         j <= std::min(length - 1, i + radius); ++j) {
      const double weight = weights[static_cast<std::size_t>(std::abs(i - j))];
      sum += from[j * step] * weight;
      total += weight;
    }
    to[i * step] = sum / total;
  }
}

void blur(Plane& plane, const std::vector<double>& weights) {
  std::vector<double> other(plane.values.size());
  for (std::int64_t y = 0; y < plane.height; ++y) {
    const std::int64_t row = y * plane.width;
    blur_line(plane.values.data() + row, other.data() + row, plane.width, 1, weights);
  }
  for (std::int64_t x = 0; x < plane.width; ++x) {
    blur_line(other.data() + x, plane.values.data() + x, plane.height, plane.width, weights);
  }
}

void fill_with_mean(Plane& plane) {
  double sum = 0;
  for (const double value : plane.values) sum += value;
  std::fill(plane.values.begin(), plane.values.end(),
            sum / static_cast<double>(plane.values.size()));
}

}  // namespace

std::string_view name_of(Removal removal) {
  switch (removal) {
    case Removal::kBlur:
      return "blur";
    case Removal::kMean:
      return "mean";
    default:
      return "zero";
  }
}

Removal find_removal(std::string_view name) {
  std::vector<std::string> names;
  for (const Removal removal : kRemovals) {
    if (name_of(removal) == name) return removal;
    names.emplace_back(name_of(removal));
  }
  throw Error(ErrorKind::kUsage, "baseline", "there is no " + quote(name), "one of " + join(names));
}

engine::Tensor removed_image(const engine::Tensor& image, Removal removal) {
  engine::Tensor result(image.dims());
  if (removal == Removal::kZero) return result;
  const std::int64_t height = image.dims()[2];
  const std::int64_t width = image.dims()[3];
  const auto pixels = static_cast<std::size_t>(height * width);
  const std::vector<double> weights = gaussian(static_cast<double>(std::min(height, width)) / 16);
  for (std::size_t at = 0; at < image.size(); at += pixels) {
    Plane plane{height, width, {image.data() + at, image.data() + at + pixels}};
    if (removal == Removal::kBlur) {
      blur(plane, weights);
    } else {
      fill_with_mean(plane);
    }
    // + 0: no -0.
    std::transform(plane.values.begin(), plane.values.end(), result.data() + at,
                   [](double value) { return static_cast<float>(value) + 0.0F; });
  }
  return result;
}

std::vector<std::size_t> removal_order(const SaliencyMap& map, std::uint64_t seed) {
  std::vector<std::uint64_t> lots(map.values.size());
  for (std::size_t i = 0; i < lots.size(); ++i) lots[i] = random_bits(seed, i);
  std::vector<std::size_t> order(map.values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (map.values[a] != map.values[b]) return map.values[a] > map.values[b];
    return lots[a] != lots[b] ? lots[a] < lots[b] : a < b;
  });
  return order;
}

engine::Tensor with_pixels(const engine::Tensor& base, const engine::Tensor& other,
                           std::span<const std::size_t> order, std::size_t count) {
  engine::Tensor result = base;
  for (std::size_t plane = 0; plane < base.size(); plane += order.size()) {
    for (const std::size_t pixel : order.first(count)) {
      result.data()[plane + pixel] = other.data()[plane + pixel];
    }
  }
  return result;
}

std::size_t pixels_at(std::size_t step, std::size_t steps, std::size_t pixels) {
  return step * pixels / steps;
}

double area_under(std::span<const double> curve) {
  double sum = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) sum += (curve[i - 1] + curve[i]) / 2;
  return sum / static_cast<double>(curve.size() - 1);
}

}  // namespace apatite::gradcam
