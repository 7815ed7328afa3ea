#include "gradcam/trust/randomised_parameters.h"

#include <algorithm>

#include "weights/init.h"

namespace apatite::gradcam {
namespace {

bool is_layer(const engine::Node& node) {
  return std::holds_alternative<engine::Conv2d>(node.op) ||
         std::holds_alternative<engine::Linear>(node.op);
}

}  // namespace

std::vector<RandomisedStage> randomised_stages(const engine::Graph& graph, std::int64_t stages) {
  std::vector<engine::NodeId> layers;  // from the logits down
  for (engine::NodeId id = graph.nodes().size(); id-- > 0;) {
    if (is_layer(graph.node(id))) layers.push_back(id);
  }
  const auto count = static_cast<std::int64_t>(layers.size());
  std::vector<RandomisedStage> result;
  std::int64_t last = -1;
  for (std::int64_t i = 0; i < stages && count > 0; ++i) {
    const std::int64_t at = stages == 1 ? count - 1 : i * (count - 1) / (stages - 1);
    if (at == last) continue;
    last = at;
    const engine::NodeId lowest = layers[static_cast<std::size_t>(at)];
    RandomisedStage stage{graph.node(lowest).name, {}};
    for (engine::NodeId id = lowest; id < graph.nodes().size(); ++id) {
      for (const engine::ParameterId parameter : graph.node(id).parameters) {
        stage.parameters.insert(graph.parameters()[parameter].name);
      }
    }
    result.push_back(std::move(stage));
  }
  return result;
}

engine::Tensor RandomisedParameters::load(const engine::Parameter& parameter) const {
  if (!stage_.parameters.contains(parameter.name)) return own_.load(parameter);
  return weights::seeded_tensor(parameter, seed_);
}

}  // namespace apatite::gradcam
