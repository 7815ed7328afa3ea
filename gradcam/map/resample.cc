#include "gradcam/map/resample.h"

#include <algorithm>
#include <cmath>

namespace apatite::gradcam {
namespace {

// Row y of the output is the weighted mean of some rows of the input; columns alike.
struct Share {
  std::int64_t cell;
  double weight;
};

// The cells that output i of `size` covers, of `cells`.
std::vector<Share> shares(std::int64_t i, std::int64_t cells, std::int64_t size) {
  const auto edge = [&](std::int64_t k) {
    return static_cast<double>(k * cells) / static_cast<double>(size);
  };
  const double begin = edge(i);
  const double end = edge(i + 1);
  std::vector<Share> result;
  for (auto cell = static_cast<std::int64_t>(begin); cell < cells; ++cell) {
    const auto low = static_cast<double>(cell);
    const double weight = std::min(end, low + 1) - std::max(begin, low);
    if (weight <= 0) break;
    result.push_back({cell, weight});
  }
  return result;
}

SaliencyMap shrink_rows(const SaliencyMap& map, std::int64_t height) {
  SaliencyMap result{height, map.width, {}};
  result.values.reserve(static_cast<std::size_t>(height * map.width));
  for (std::int64_t y = 0; y < height; ++y) {
    const std::vector<Share> rows = shares(y, map.height, height);
    for (std::int64_t x = 0; x < map.width; ++x) {
      double sum = 0;
      double weights = 0;
      for (const auto& [row, weight] : rows) {
        sum += map.at(row, x) * weight;
        weights += weight;
      }
      result.values.push_back(sum / weights + 0.0);
    }
  }
  return result;
}

SaliencyMap transposed(const SaliencyMap& map) {
  SaliencyMap result{map.width, map.height, {}};
  result.values.reserve(map.values.size());
  for (std::int64_t x = 0; x < map.width; ++x) {
    for (std::int64_t y = 0; y < map.height; ++y) result.values.push_back(map.at(y, x));
  }
  return result;
}

std::vector<Between> positions(std::int64_t cells, std::int64_t size) {
  std::vector<Between> result;
  for (std::int64_t i = 0; i < size; ++i) {
    const double position = (static_cast<double>(i) + 0.5) * static_cast<double>(cells);
    result.push_back(between(position / static_cast<double>(size), cells));
  }
  return result;
}

}  // namespace

Between between(double position, std::int64_t cells) {
  const double c = std::clamp(position - 0.5, 0.0, static_cast<double>(cells - 1));
  const double low = std::floor(c);
  Between result;
  result.low = static_cast<std::int64_t>(low);
  result.high = std::min(result.low + 1, cells - 1);
  result.t = c - low;
  return result;
}

double sample(const SaliencyMap& map, const Between& y, const Between& x) {
  const auto mix = [](double a, double b, double t) { return (1 - t) * a + t * b; };
  const double top = mix(map.at(y.low, x.low), map.at(y.low, x.high), x.t);
  const double bottom = mix(map.at(y.high, x.low), map.at(y.high, x.high), x.t);
  return mix(top, bottom, y.t) + 0.0;
}

SaliencyMap sample_grid(const SaliencyMap& map, const std::vector<Between>& ys,
                        const std::vector<Between>& xs) {
  SaliencyMap result{
      static_cast<std::int64_t>(ys.size()), static_cast<std::int64_t>(xs.size()), {}};
  result.values.reserve(ys.size() * xs.size());
  for (const Between& y : ys) {
    for (const Between& x : xs) result.values.push_back(sample(map, y, x));
  }
  return result;
}

SaliencyMap resize(const SaliencyMap& map, std::int64_t height, std::int64_t width) {
  SaliencyMap result = height < map.height ? shrink_rows(map, height) : map;
  if (width < map.width) result = transposed(shrink_rows(transposed(result), width));
  return sample_grid(result, positions(result.height, height), positions(result.width, width));
}

}  // namespace apatite::gradcam
