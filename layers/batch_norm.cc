#include "layers/batch_norm.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite {

NodeId batch_norm(GraphBuilder& graph, std::string name, NodeId x, const BatchNorm& op) {
  if (!(op.epsilon >= 0) || !std::isfinite(op.epsilon)) {
    throw Error(ErrorKind::kUsage, name, "epsilon is " + to_text(op.epsilon),
                "use a finite number, 0 or more");
  }
  const Shape shape = graph.shape(x);
  std::vector<ParameterId> parameters;
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
    parameters.push_back(graph.parameter(name + part, {shape.channels}));
  }
  return graph.add(std::move(name), op, {x}, std::move(parameters), shape);
}

NodeId batch_norm_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  const Node norm = graph.node(node);
  return graph.add(std::move(name), BatchNormGrad{std::get<BatchNorm>(norm.op).epsilon}, {g},
                   norm.parameters, norm.shape);
}

}  // namespace apatite
