#include "engine/graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::engine {

NodeId Graph::find(std::string_view name) const {
  std::vector<std::string> names;
  names.reserve(nodes_.size());
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    if (nodes_[id].name == name) return id;
    names.push_back(nodes_[id].name);
  }
  throw Error(ErrorKind::kUsage, name, "is not a node of this network",
              "nearest names: " + join(nearest(name, names)));
}

std::vector<std::vector<NodeId>> Graph::consumers() const {
  std::vector<std::vector<NodeId>> readers(nodes_.size());
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    for (const NodeId input : nodes_[id].inputs) readers[input].push_back(id);
  }
  return readers;
}

GraphBuilder::GraphBuilder(Shape input) { add("input", Input{}, {}, {}, input); }

ParameterId GraphBuilder::parameter(std::string name, Dims dims) {
  for (const Parameter& other : graph_.parameters_) {
    if (other.name == name) throw Error(ErrorKind::kInternal, name, "is declared twice");
  }
  graph_.parameters_.push_back({std::move(name), std::move(dims)});
  return graph_.parameters_.size() - 1;
}

NodeId GraphBuilder::add(std::string name, const Op& op, std::vector<NodeId> inputs,
                         std::vector<ParameterId> parameters, Shape shape) {
  const bool name_taken = std::any_of(graph_.nodes_.begin(), graph_.nodes_.end(),
                                      [&](const Node& node) { return node.name == name; });
  if (name_taken) throw Error(ErrorKind::kInternal, name, "names two nodes");
  for (const NodeId input : inputs) {
    if (input >= graph_.nodes_.size()) {
      throw Error(ErrorKind::kInternal, name, "reads a node that does not exist yet");
    }
  }
  if (shape.channels <= 0 || shape.height <= 0 || shape.width <= 0) {
    throw Error(ErrorKind::kInternal, name, "has the empty shape " + to_text(shape));
  }
  graph_.nodes_.push_back({std::move(name), op, std::move(inputs), std::move(parameters), shape});
  return graph_.nodes_.size() - 1;
}

Graph GraphBuilder::build(NodeId output) && {
  if (output >= graph_.nodes_.size()) {
    throw Error(ErrorKind::kInternal, "graph", "has no node for its output");
  }
  graph_.output_ = output;
  return std::move(graph_);
}

}  // namespace apatite::engine
