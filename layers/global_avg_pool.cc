#include "layers/global_avg_pool.h"

#include <utility>

namespace apatite::layers {

engine::NodeId global_avg_pool(engine::GraphBuilder& graph, std::string name, engine::NodeId x) {
  return graph.add(std::move(name), engine::GlobalAvgPool{}, {x}, {},
                   {graph.shape(x).channels, 1, 1});
}

engine::NodeId global_avg_pool_grad(engine::GraphBuilder& graph, std::string name,
                                    engine::NodeId node, engine::NodeId g) {
  const engine::Shape shape = graph.shape(graph.node(node).inputs[0]);
  return graph.add(std::move(name), engine::GlobalAvgPoolGrad{}, {g}, {}, shape);
}

}  // namespace apatite::layers
