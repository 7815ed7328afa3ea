#include "layers/max_pool2d.h"

#include <utility>

namespace apatite::layers {

engine::NodeId max_pool2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::MaxPool2d& op, Rounding rounding) {
  const Window window{op.kernel, op.stride, op.dilation, op.padding};
  const engine::Shape in = graph.shape(x);
  const engine::Extent out = count_windows(name, window, in, rounding);
  check_no_window_is_empty(name, window, in);
  return graph.add(std::move(name), op, {x}, {}, {in.channels, out.height, out.width});
}

engine::NodeId max_pool2d_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g) {
  const engine::Node pool = graph.node(node);
  const engine::NodeId x = pool.inputs[0];
  return graph.add(std::move(name), engine::MaxPool2dGrad{std::get<engine::MaxPool2d>(pool.op)},
                   {g, x}, {}, graph.shape(x));
}

}  // namespace apatite::layers
