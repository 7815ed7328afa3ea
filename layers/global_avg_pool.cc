#include "layers/global_avg_pool.h"

#include <utility>

namespace apatite {

NodeId global_avg_pool(GraphBuilder& graph, std::string name, NodeId x) {
  return graph.add(std::move(name), GlobalAvgPool{}, {x}, {}, {graph.shape(x).channels, 1, 1});
}

}  // namespace apatite
