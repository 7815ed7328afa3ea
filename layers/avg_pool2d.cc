#include "layers/avg_pool2d.h"

#include <utility>

namespace apatite::layers {

engine::NodeId avg_pool2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::AvgPool2d& op, Rounding rounding) {
  const Window window{op.kernel, op.stride, engine::Extent{}, op.padding};
  const engine::Shape in = graph.shape(x);
  const engine::Extent out = count_windows(name, window, in, rounding);
  check_no_window_is_empty(name, window, in);
  return graph.add(std::move(name), op, {x}, {}, {in.channels, out.height, out.width});
}

engine::NodeId avg_pool2d_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g) {
  const engine::Node pool = graph.node(node);
  return graph.add(std::move(name), engine::AvgPool2dGrad{std::get<engine::AvgPool2d>(pool.op)},
                   {g}, {}, graph.shape(pool.inputs[0]));
}

}  // namespace apatite::layers
