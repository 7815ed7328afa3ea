#include "layers/batch_norm.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::layers {

engine::NodeId batch_norm(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::BatchNorm& op) {
  if (!(op.epsilon >= 0) || !std::isfinite(op.epsilon)) {
    throw Error(ErrorKind::kUsage, name, "epsilon is " + to_text(op.epsilon),
                "use a finite number, 0 or more");
  }
  const engine::Shape shape = graph.shape(x);
  std::vector<engine::ParameterId> parameters;
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
    parameters.push_back(graph.parameter(name + part, {shape.channels}));
  }
  return graph.add(std::move(name), op, {x}, std::move(parameters), shape);
}

engine::NodeId batch_norm_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g) {
  const engine::Node norm = graph.node(node);
  return graph.add(std::move(name),
                   engine::BatchNormGrad{std::get<engine::BatchNorm>(norm.op).epsilon}, {g},
                   norm.parameters, norm.shape);
}

}  // namespace apatite::layers
