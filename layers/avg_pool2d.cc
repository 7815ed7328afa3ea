#include "layers/avg_pool2d.h"

#include <utility>

namespace apatite {

NodeId avg_pool2d(GraphBuilder& graph, std::string name, NodeId x, const AvgPool2d& op,
                  Rounding rounding) {
  const Window window{op.kernel, op.stride, Extent{}, op.padding};
  const Shape in = graph.shape(x);
  const Extent out = count_windows(name, window, in, rounding);
  check_no_window_is_empty(name, window, in);
  return graph.add(std::move(name), op, {x}, {}, {in.channels, out.height, out.width});
}

NodeId avg_pool2d_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  const Node pool = graph.node(node);
  return graph.add(std::move(name), AvgPool2dGrad{std::get<AvgPool2d>(pool.op)}, {g}, {},
                   graph.shape(pool.inputs[0]));
}

}  // namespace apatite
