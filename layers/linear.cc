#include "layers/linear.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::layers {

engine::NodeId linear(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                      const engine::Linear& op) {
  if (op.out_features < 1) {
    throw Error(ErrorKind::kUsage, name, "has " + to_text(op.out_features) + " output features",
                "use 1 or more");
  }
  std::vector<engine::ParameterId> parameters{
      graph.parameter(name + ".weight", {op.out_features, graph.shape(x).size()})};
  if (op.bias) parameters.push_back(graph.parameter(name + ".bias", {op.out_features}));
  return graph.add(std::move(name), op, {x}, std::move(parameters), {op.out_features, 1, 1});
}

engine::NodeId linear_input_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                                 engine::NodeId g) {
  const engine::Node layer = graph.node(node);
  return graph.add(std::move(name), engine::LinearInputGrad{}, {g}, {layer.parameters[0]},
                   graph.shape(layer.inputs[0]));
}

}  // namespace apatite::layers
