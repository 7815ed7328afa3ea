#include "layers/max_pool2d.h"

#include <utility>

namespace apatite {

NodeId max_pool2d(GraphBuilder& graph, std::string name, NodeId x, const MaxPool2d& op,
                  Rounding rounding) {
  const Window window{op.kernel, op.stride, op.dilation, op.padding};
  const Shape in = graph.shape(x);
  const Extent out = count_windows(name, window, in, rounding);
  check_no_window_is_empty(name, window, in);
  return graph.add(std::move(name), op, {x}, {}, {in.channels, out.height, out.width});
}

NodeId max_pool2d_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g) {
  const Node pool = graph.node(node);
  const NodeId x = pool.inputs[0];
  return graph.add(std::move(name), MaxPool2dGrad{std::get<MaxPool2d>(pool.op)}, {g, x}, {},
                   graph.shape(x));
}

}  // namespace apatite
