#include "bench/conv_shapes.h"

#include <algorithm>

#include "base/text.h"
#include "models/describe.h"

namespace apatite {
namespace {

bool same_shape(const ConvShape& a, const ConvShape& b) {
  return a.in == b.in && a.out == b.out && a.op.kernel == b.op.kernel &&
         a.op.stride == b.op.stride && a.op.dilation == b.op.dilation &&
         a.op.padding == b.op.padding && a.op.groups == b.op.groups && a.op.bias == b.op.bias &&
         a.reads_image == b.reads_image;
}

std::string size_text(std::int64_t height, std::int64_t width) {
  return to_text(height) + "x" + to_text(width);
}

}  // namespace

std::vector<ConvShape> conv_shapes(const engine::Graph& graph) {
  std::vector<ConvShape> shapes;
  for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) {
    const engine::Node& node = graph.node(id);
    const auto* op = std::get_if<engine::Conv2d>(&node.op);
    if (op == nullptr) continue;
    const ConvShape shape{.name = node.name,
                          .node = id,
                          .in = graph.node(node.inputs[0]).shape,
                          .out = node.shape,
                          .op = *op,
                          .reads_image = node.inputs[0] == graph.input(),
                          .multiply_adds = models::node_cost(graph, id).multiply_adds};
    const auto known = std::find_if(shapes.begin(), shapes.end(), [&](const ConvShape& other) {
      return same_shape(shape, other);
    });
    ++(known == shapes.end() ? *shapes.insert(known, shape) : *known).nodes;
  }
  return shapes;
}

std::string to_text(const ConvShape& shape) {
  const engine::Conv2d& op = shape.op;
  std::string text = shape.name + " " + size_text(shape.in.height, shape.in.width) + " " +
                     to_text(shape.in.channels) + "->" + to_text(shape.out.channels) + " " +
                     size_text(op.kernel.height, op.kernel.width);
  if (op.stride.height != 1) text += " stride " + to_text(op.stride.height);
  if (op.groups != 1) text += " groups " + to_text(op.groups);
  return text;
}

}  // namespace apatite
