#include "layers/concat.h"

#include <utility>

#include "base/error.h"

namespace apatite::layers {

engine::NodeId concat(engine::GraphBuilder& graph, std::string name,
                      std::vector<engine::NodeId> inputs) {
  if (inputs.empty()) {
    throw Error(ErrorKind::kUsage, name, "concatenates nothing", "pass one input or more");
  }
  engine::Shape shape = graph.shape(inputs[0]);
  shape.channels = 0;
  for (const engine::NodeId input : inputs) {
    const engine::Shape& part = graph.shape(input);
    if (part.height != shape.height || part.width != shape.width) {
      throw Error(ErrorKind::kUsage, name,
                  "concatenates " + graph.name(inputs[0]) + " (" +
                      engine::to_text(graph.shape(inputs[0])) + ") and " + graph.name(input) +
                      " (" + engine::to_text(part) + ")",
                  "all must have one height and width");
    }
    shape.channels += part.channels;
  }
  return graph.add(std::move(name), engine::Concat{}, std::move(inputs), {}, shape);
}

engine::NodeId concat_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                           std::size_t operand, engine::NodeId g) {
  const std::vector<engine::NodeId> inputs = graph.node(node).inputs;
  engine::Slice slice;
  for (std::size_t i = 0; i < operand; ++i) slice.first_channel += graph.shape(inputs[i]).channels;
  const engine::Shape shape = graph.shape(inputs[operand]);
  return graph.add(std::move(name), slice, {g}, {}, shape);
}

}  // namespace apatite::layers
