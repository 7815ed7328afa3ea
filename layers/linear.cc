#include "layers/linear.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite {

NodeId linear(GraphBuilder& graph, std::string name, NodeId x, const Linear& op) {
  if (op.out_features < 1) {
    throw Error(ErrorKind::kUsage, name, "has " + to_text(op.out_features) + " output features",
                "use 1 or more");
  }
  std::vector<ParameterId> parameters{
      graph.parameter(name + ".weight", {op.out_features, graph.shape(x).size()})};
  if (op.bias) parameters.push_back(graph.parameter(name + ".bias", {op.out_features}));
  return graph.add(std::move(name), op, {x}, std::move(parameters), {op.out_features, 1, 1});
}

NodeId linear_input_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  const Node layer = graph.node(node);
  return graph.add(std::move(name), LinearInputGrad{}, {g}, {layer.parameters[0]},
                   graph.shape(layer.inputs[0]));
}

}  // namespace apatite
