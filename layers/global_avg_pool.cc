#include "layers/global_avg_pool.h"

#include <utility>

namespace apatite {

NodeId global_avg_pool(GraphBuilder& graph, std::string name, NodeId x) {
  return graph.add(std::move(name), GlobalAvgPool{}, {x}, {}, {graph.shape(x).channels, 1, 1});
}

NodeId global_avg_pool_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  const Shape shape = graph.shape(graph.node(node).inputs[0]);
  return graph.add(std::move(name), GlobalAvgPoolGrad{}, {g}, {}, shape);
}

}  // namespace apatite
