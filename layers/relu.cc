#include "layers/relu.h"

#include <utility>

namespace apatite {

NodeId relu(GraphBuilder& graph, std::string name, NodeId x) {
  return graph.add(std::move(name), Relu{}, {x}, {}, graph.shape(x));
}

}  // namespace apatite
