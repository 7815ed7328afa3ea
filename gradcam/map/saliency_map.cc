#include "gradcam/map/saliency_map.h"

#include <algorithm>
#include <cmath>

namespace apatite::gradcam {

std::string_view name_of(MapState state) {
  switch (state) {
    case MapState::kFlat:
      return "flat";
    case MapState::kNowherePositive:
      return "nowhere positive";
    default:
      return "positive";
  }
}

std::string_view explanation_of(MapState state) {
  switch (state) {
    case MapState::kFlat:
      return "the map has one value everywhere: it prefers no place";
    case MapState::kNowherePositive:
      return "the map is nowhere positive: no place speaks for this class";
    default:
      return {};
  }
}

MapSummary summarize(const SaliencyMap& map) {
  MapSummary summary;
  const auto [least, most] = std::minmax_element(map.values.begin(), map.values.end());
  summary.least = *least;
  summary.most = *most;
  double positive = 0;
  double all = 0;
  for (const double value : map.values) {
    positive += std::max(value, 0.0);
    all += std::abs(value);
  }
  summary.positive_share = all > 0 ? positive / all : 0;
  if (summary.least == summary.most) {
    summary.state = MapState::kFlat;
  } else {
    summary.state = summary.most > 0 ? MapState::kPositive : MapState::kNowherePositive;
  }
  return summary;
}

SaliencyMap positive_part(const SaliencyMap& map) {
  SaliencyMap result = map;
  for (double& value : result.values) value = value > 0 ? value : 0.0;
  return result;
}

SaliencyMap normalized(const SaliencyMap& map) {
  const MapSummary summary = summarize(map);
  SaliencyMap result = positive_part(map);
  for (double& value : result.values) {
    value = summary.state == MapState::kPositive ? value / summary.most : 0.0;
  }
  return result;
}

engine::Tensor to_tensor(const SaliencyMap& map) {
  auto tensor = engine::Tensor::uninitialized({map.height, map.width});
  // + 0: no -0, which a negative value that underflows would give.
  std::transform(map.values.begin(), map.values.end(), tensor.data(),
                 [](double value) { return static_cast<float>(value) + 0.0F; });
  return tensor;
}

}  // namespace apatite::gradcam
