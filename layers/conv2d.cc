#include "layers/conv2d.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "layers/window.h"

namespace apatite::layers {
namespace {

void check_channels(const std::string& name, const engine::Conv2d& op, std::int64_t channels) {
  if (op.out_channels < 1) {
    throw Error(ErrorKind::kUsage, name, "has " + to_text(op.out_channels) + " output channels",
                "use 1 or more");
  }
  if (op.groups < 1 || channels % op.groups != 0 || op.out_channels % op.groups != 0) {
    throw Error(ErrorKind::kUsage, name,
                to_text(op.groups) + " groups do not divide " + to_text(channels) + " input and " +
                    to_text(op.out_channels) + " output channels",
                "use a common divisor of both");
  }
}

}  // namespace

engine::NodeId conv2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                      const engine::Conv2d& op) {
  const engine::Shape in = graph.shape(x);
  check_channels(name, op, in.channels);
  const engine::Extent out =
      count_windows(name, {op.kernel, op.stride, op.dilation, op.padding}, in, Rounding::kFloor);
  std::vector<engine::ParameterId> parameters{graph.parameter(
      name + ".weight",
      {op.out_channels, in.channels / op.groups, op.kernel.height, op.kernel.width})};
  if (op.bias) parameters.push_back(graph.parameter(name + ".bias", {op.out_channels}));
  return graph.add(std::move(name), op, {x}, std::move(parameters),
                   {op.out_channels, out.height, out.width});
}

engine::NodeId conv2d_input_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                                 engine::NodeId g) {
  const engine::Node conv = graph.node(node);
  return graph.add(std::move(name), engine::Conv2dInputGrad{std::get<engine::Conv2d>(conv.op)}, {g},
                   {conv.parameters[0]}, graph.shape(conv.inputs[0]));
}

}  // namespace apatite::layers
