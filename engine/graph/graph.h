// A network as data: nodes in topological order, immutable once built.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/graph/op.h"
#include "engine/graph/shape.h"
#include "engine/graph/tensor.h"

namespace apatite::engine {

using NodeId = std::size_t;
using ParameterId = std::size_t;

// A tensor of weights that a node reads, by its name in the weights file.
struct Parameter {
  std::string name;
  Dims dims;
};

struct Node {
  std::string name;  // unique, the name that users tap: "layer4.2.relu"
  Op op;
  std::vector<NodeId> inputs;           // all smaller than the node's own id
  std::vector<ParameterId> parameters;  // in the order that the op's comment gives
  Shape shape;                          // of the result, for one image
};

class Graph {
 public:
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const noexcept { return parameters_; }
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_.at(id); }
  [[nodiscard]] NodeId input() const noexcept { return 0; }
  // The node that holds the logits.
  [[nodiscard]] NodeId output() const noexcept { return output_; }

  // Throws Error (kUsage) with the nearest names if there is no such node.
  [[nodiscard]] NodeId find(std::string_view name) const;

  // consumers()[n] = the nodes that read node n, ascending; a node that reads it twice is there
  // twice.
  [[nodiscard]] std::vector<std::vector<NodeId>> consumers() const;

 private:
  friend class GraphBuilder;
  std::vector<Node> nodes_;
  std::vector<Parameter> parameters_;
  NodeId output_ = 0;
};

// Builds a Graph node by node. The functions of layers/ are its front: they check the attributes,
// derive the shape and name the parameters, then call add().
class GraphBuilder {
 public:
  // Starts with the node "input" (id 0).
  explicit GraphBuilder(Shape input);
  // Goes on from `graph`, whose nodes keep their ids.
  explicit GraphBuilder(Graph graph) : graph_(std::move(graph)) {}

  // Declares a tensor of weights. Throws Error (kInternal) if the name is taken.
  ParameterId parameter(std::string name, Dims dims);

  // Throws Error (kInternal) if the name is taken, an input does not exist or a size is not
  // positive.
  NodeId add(std::string name, const Op& op, std::vector<NodeId> inputs,
             std::vector<ParameterId> parameters, Shape shape);

  // The references last until the next add().
  [[nodiscard]] const Node& node(NodeId id) const { return graph_.node(id); }
  [[nodiscard]] const Shape& shape(NodeId id) const { return graph_.node(id).shape; }
  [[nodiscard]] const std::string& name(NodeId id) const { return graph_.node(id).name; }

  Graph build(NodeId output) &&;

 private:
  Graph graph_;
};

// Where a backend gets the values of parameters from: a weights file, a test's random numbers.
class ParameterSource {
 public:
  ParameterSource() = default;
  ParameterSource(const ParameterSource&) = delete;
  ParameterSource& operator=(const ParameterSource&) = delete;
  virtual ~ParameterSource() = default;

  // The tensor, with the declared dims, finite, without -0 (canonicalize). Called while a
  // backend compiles, once per node that reads it; may be called from one thread at a time only.
  [[nodiscard]] virtual Tensor load(const Parameter& parameter) const = 0;
};

}  // namespace apatite::engine
