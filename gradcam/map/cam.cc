#include "gradcam/map/cam.h"

#include <algorithm>

namespace apatite::gradcam {
namespace {

std::size_t plane_of(const engine::Shape& shape) {
  return static_cast<std::size_t>(shape.height * shape.width);
}

// values[i] for the channel k of `layer`.
std::span<const double> channel(std::span<const double> values, std::size_t k, std::size_t plane) {
  return values.subspan(k * plane, plane);
}

SaliencyMap zero_map(const engine::Shape& shape) {
  return {shape.height, shape.width, std::vector<double>(plane_of(shape), 0.0)};
}

void leave_no_negative_zero(SaliencyMap& map) {
  for (double& value : map.values) value += 0.0;
}

// M_ij = sum_k factor(g_kij) A_kij
template <class Factor>
SaliencyMap elementwise(const LayerValues& layer, Factor factor) {
  SaliencyMap map = zero_map(layer.shape);
  const std::size_t plane = map.values.size();
  for (std::size_t k = 0; k * plane < layer.values.size(); ++k) {
    const double* a = layer.values.data() + k * plane;
    const double* g = layer.gradient.data() + k * plane;
    for (std::size_t i = 0; i < plane; ++i) map.values[i] += factor(g[i]) * a[i];
  }
  leave_no_negative_zero(map);
  return map;
}

double plus_plus_weight(std::span<const double> values, std::span<const double> gradient) {
  double sum = 0;
  for (const double a : values) sum += a;
  double weight = 0;
  for (const double g : gradient) {
    const double square = g * g;
    const double divisor = 2 * square + sum * (square * g);
    if (square == 0 || divisor == 0) continue;
    weight += square / divisor * std::max(g, 0.0);
  }
  return weight;
}

}  // namespace

SaliencyMap weighted_sum(std::span<const double> values, std::span<const double> weights,
                         const engine::Shape& shape) {
  SaliencyMap map = zero_map(shape);
  const std::size_t plane = map.values.size();
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double weight = weights[k];
    const double* a = values.data() + k * plane;
    for (std::size_t i = 0; i < plane; ++i) map.values[i] += weight * a[i];
  }
  leave_no_negative_zero(map);
  return map;
}

SaliencyMap grad_cam(const LayerValues& layer) {
  const std::size_t plane = plane_of(layer.shape);
  std::vector<double> weights(static_cast<std::size_t>(layer.shape.channels));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    double sum = 0;
    for (const double g : channel(layer.gradient, k, plane)) sum += g;
    weights[k] = sum / static_cast<double>(plane);
  }
  return weighted_sum(layer.values, weights, layer.shape);
}

SaliencyMap grad_cam_plus_plus(const LayerValues& layer) {
  const std::size_t plane = plane_of(layer.shape);
  std::vector<double> weights(static_cast<std::size_t>(layer.shape.channels));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    weights[k] =
        plus_plus_weight(channel(layer.values, k, plane), channel(layer.gradient, k, plane));
  }
  return weighted_sum(layer.values, weights, layer.shape);
}

SaliencyMap hires_cam(const LayerValues& layer) {
  return elementwise(layer, [](double g) { return g; });
}

SaliencyMap layer_cam(const LayerValues& layer) {
  return elementwise(layer, [](double g) { return std::max(g, 0.0); });
}

}  // namespace apatite::gradcam
