#include "layers/concat.h"

#include <utility>

#include "base/error.h"

namespace apatite {

NodeId concat(GraphBuilder& graph, std::string name, std::vector<NodeId> inputs) {
  if (inputs.empty()) {
    throw Error(ErrorKind::kUsage, name, "concatenates nothing", "pass one input or more");
  }
  Shape shape = graph.shape(inputs[0]);
  shape.channels = 0;
  for (const NodeId input : inputs) {
    const Shape& part = graph.shape(input);
    if (part.height != shape.height || part.width != shape.width) {
      throw Error(ErrorKind::kUsage, name,
                  "concatenates " + graph.name(inputs[0]) + " (" + to_text(graph.shape(inputs[0])) +
                      ") and " + graph.name(input) + " (" + to_text(part) + ")",
                  "all must have one height and width");
    }
    shape.channels += part.channels;
  }
  return graph.add(std::move(name), Concat{}, std::move(inputs), {}, shape);
}

NodeId concat_grad(GraphBuilder& graph, std::string name, NodeId node, std::size_t operand,
                   NodeId g) {
  const std::vector<NodeId> inputs = graph.node(node).inputs;
  Slice slice;
  for (std::size_t i = 0; i < operand; ++i) slice.first_channel += graph.shape(inputs[i]).channels;
  const Shape shape = graph.shape(inputs[operand]);
  return graph.add(std::move(name), slice, {g}, {}, shape);
}

}  // namespace apatite
