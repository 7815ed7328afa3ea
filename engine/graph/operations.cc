#include "engine/graph/operations.h"

#include <algorithm>

namespace apatite::engine {
namespace {

// The weights that one output channel has (the first axis of a weight counts output channels).
std::int64_t weights_per_output_channel(const Graph& graph, const Node& node) {
  const Dims& weight = graph.parameters()[node.parameters[0]].dims;
  return element_count(weight) / weight[0];
}

std::int64_t summed_terms(const Graph& graph, const Node& node, Terms terms) {
  const auto input = [&]() -> const Shape& { return graph.node(node.inputs[0]).shape; };
  switch (terms) {
    case Terms::kNone:
      return 0;
    case Terms::kWeights:
      return element_count(graph.parameters()[node.parameters[0]].dims) / node.shape.channels;
    case Terms::kInputChannels:
      return input().channels;
    case Terms::kInputPixels:
      return input().height * input().width;
  }
  return 0;
}

}  // namespace

Operation operation_of(const Op& op) {
  return std::visit([](const auto& alternative) { return row_of(alternative); }, op);
}

std::string_view op_name(const Op& op) { return operation_of(op).name; }

std::int64_t multiply_adds(const Graph& graph, const Node& node) {
  switch (operation_of(node.op).multiply_adds) {
    case MultiplyAdds::kNone:
      return 0;
    case MultiplyAdds::kPerResult:
      return weights_per_output_channel(graph, node) * node.shape.size();
    case MultiplyAdds::kPerGradient:
      return weights_per_output_channel(graph, node) * graph.node(node.inputs[0]).shape.size();
  }
  return 0;
}

std::int64_t learnt_parameters(const Graph& graph, const Node& node) {
  const auto present = static_cast<std::int64_t>(node.parameters.size());
  const std::int64_t learnt = std::min(operation_of(node.op).learnt, present);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < learnt; ++i) {
    count += element_count(graph.parameters()[node.parameters[static_cast<std::size_t>(i)]].dims);
  }
  return count;
}

std::int64_t chain_length(const Graph& graph, const Node& node) {
  const Operation operation = operation_of(node.op);
  return summed_terms(graph, node, operation.terms) + operation.roundings;
}

}  // namespace apatite::engine
