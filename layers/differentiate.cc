#include "layers/differentiate.h"

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "layers/avg_pool2d.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "layers/subsample_pad.h"

namespace apatite {
namespace {

// How `node` carries g, the gradient with respect to its result, back to its operand number
// `operand`. `name` is for the node that this takes, if it takes one.
NodeId carry_back(GraphBuilder& graph, std::string name, NodeId node, std::size_t operand,
                  NodeId g) {
  const Op op = graph.node(node).op;
  return std::visit(
      Overloaded{
          [&](const Conv2d&) { return conv2d_input_grad(graph, std::move(name), node, g); },
          [&](const BatchNorm&) { return batch_norm_grad(graph, std::move(name), node, g); },
          [&](const Relu&) { return relu_grad(graph, std::move(name), node, g); },
          [&](const MaxPool2d&) { return max_pool2d_grad(graph, std::move(name), node, g); },
          [&](const AvgPool2d&) { return avg_pool2d_grad(graph, std::move(name), node, g); },
          [&](const GlobalAvgPool&) {
            return global_avg_pool_grad(graph, std::move(name), node, g);
          },
          [&](const Linear&) { return linear_input_grad(graph, std::move(name), node, g); },
          [&](const Add&) { return g; },
          [&](const Concat&) { return concat_grad(graph, std::move(name), node, operand, g); },
          [&](const SubsamplePad&) { return subsample_pad_grad(graph, std::move(name), node, g); },
          [&](const auto& /*Input reads nothing; the rest are gradients*/) -> NodeId {
            throw Error(ErrorKind::kUsage, graph.node(node).name,
                        std::string(op_name(op)) + " cannot be differentiated again",
                        "differentiate the network itself");
          },
      },
      op);
}

class Differentiator {
 public:
  explicit Differentiator(const Graph& graph)
      : forward_(graph),
        readers_(graph.consumers()),
        builder_(graph),
        gradient_(graph.nodes().size()) {}

  Differentiated run(std::span<const NodeId> wrt) {
    check_logits();
    find_between(wrt);
    const NodeId logits = forward_.output();
    gradient_[logits] = builder_.add(forward_.node(logits).name + ":gradient", ScoreGrad{},
                                     {logits}, {}, forward_.node(logits).shape);
    for (NodeId id = logits; id-- > 0;) {
      if (between_[id]) gradient_[id] = gradient_of(id);
    }
    std::vector<NodeId> gradients;
    for (const NodeId id : wrt) gradients.push_back(gradient_[id].value());
    return {std::move(builder_).build(logits), std::move(gradients)};
  }

 private:
  void check_logits() const {
    const Node& output = forward_.node(forward_.output());
    if (output.shape.height == 1 && output.shape.width == 1) return;
    throw Error(ErrorKind::kUsage, output.name,
                "the network ends in " + to_text(output.shape) + ", which are no logits",
                "only a network that ends in a vector has a score per class");
  }

  // The nodes that both depend on one of `wrt` and influence the logits.
  void find_between(std::span<const NodeId> wrt) {
    const NodeId logits = forward_.output();
    std::vector<bool> influences(forward_.nodes().size());
    influences[logits] = true;
    for (NodeId id = logits + 1; id-- > 0;) {
      if (!influences[id]) continue;
      for (const NodeId input : forward_.node(id).inputs) influences[input] = true;
    }
    between_.resize(influences.size());
    for (const NodeId id : wrt) {
      if (id >= influences.size()) {
        throw Error(ErrorKind::kUsage, "gradient",
                    "there is no node number " + to_text(static_cast<std::int64_t>(id)));
      }
      if (!influences[id]) {
        throw Error(ErrorKind::kUsage, forward_.node(id).name,
                    "does not influence the score, the output of " + forward_.node(logits).name,
                    "choose a node that leads to it");
      }
      between_[id] = true;
    }
    for (NodeId id = 0; id < influences.size(); ++id) {
      for (const NodeId input : forward_.node(id).inputs) {
        if (between_[input] && influences[id]) between_[id] = true;
      }
    }
  }

  NodeId gradient_of(NodeId id) {
    const std::string name = forward_.node(id).name + ":gradient";
    const std::vector<std::pair<NodeId, std::size_t>> uses = uses_of(id);
    std::optional<NodeId> sum;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const auto [reader, operand] = uses[i];
      std::string from = forward_.node(reader).name;
      if (i > 0 && uses[i - 1].first == reader) {
        from += '#' + to_text(static_cast<std::int64_t>(operand));
      }
      const NodeId part = carry_back(builder_, uses.size() == 1 ? name : name + ':' + from, reader,
                                     operand, gradient_[reader].value());
      if (!sum) {
        sum = part;
        continue;
      }
      const bool last = i + 1 == uses.size();
      const Shape shape = forward_.node(id).shape;
      sum = builder_.add(last ? name : name + ":+" + from, Add{}, {*sum, part}, {}, shape);
    }
    return sum.value();
  }

  // Who reads `id` on the way to the logits, and as which operand; ascending.
  std::vector<std::pair<NodeId, std::size_t>> uses_of(NodeId id) const {
    std::vector<std::pair<NodeId, std::size_t>> uses;
    NodeId previous = id;
    for (const NodeId reader : readers_[id]) {
      if (!between_[reader] || reader == previous) continue;
      previous = reader;
      const std::vector<NodeId>& inputs = forward_.node(reader).inputs;
      for (std::size_t operand = 0; operand < inputs.size(); ++operand) {
        if (inputs[operand] == id) uses.emplace_back(reader, operand);
      }
    }
    return uses;
  }

  const Graph& forward_;
  std::vector<std::vector<NodeId>> readers_;
  GraphBuilder builder_;
  std::vector<bool> between_;
  std::vector<std::optional<NodeId>> gradient_;  // by forward node
};

}  // namespace

Differentiated differentiate(const Graph& graph, std::span<const NodeId> wrt) {
  return Differentiator(graph).run(wrt);
}

}  // namespace apatite
