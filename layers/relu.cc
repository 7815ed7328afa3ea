#include "layers/relu.h"

#include <utility>

namespace apatite::layers {

engine::NodeId relu(engine::GraphBuilder& graph, std::string name, engine::NodeId x) {
  return graph.add(std::move(name), engine::Relu{}, {x}, {}, graph.shape(x));
}

engine::NodeId relu_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                         engine::NodeId g) {
  return graph.add(std::move(name), engine::ReluGrad{}, {g, node}, {}, graph.shape(node));
}

}  // namespace apatite::layers
