#include "layers/relu.h"

#include <utility>

namespace apatite {

NodeId relu(GraphBuilder& graph, std::string name, NodeId x) {
  return graph.add(std::move(name), Relu{}, {x}, {}, graph.shape(x));
}

NodeId relu_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  return graph.add(std::move(name), ReluGrad{}, {g, node}, {}, graph.shape(node));
}

}  // namespace apatite
