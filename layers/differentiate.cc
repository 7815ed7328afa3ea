#include "layers/differentiate.h"

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/operations.h"
#include "layers/avg_pool2d.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "layers/scaled_add.h"
#include "layers/subsample_pad.h"

namespace apatite::layers {
namespace {

// How `node` carries g, the gradient with respect to its result, back to its operand number
// `operand`. `name` is for the node that this takes, if it takes one.
engine::NodeId carry_back(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                          std::size_t operand, engine::NodeId g) {
  const engine::Op op = graph.node(node).op;
  // The input reads nothing; the rest are gradients.
  const auto refuse = [&]() -> engine::NodeId {
    throw Error(ErrorKind::kUsage, graph.node(node).name,
                std::string(engine::op_name(op)) + " cannot be differentiated again",
                "differentiate the network itself");
  };
  return std::visit(
      engine::Overloaded{
          [&](const engine::Conv2d&) { return conv2d_input_grad(graph, std::move(name), node, g); },
          [&](const engine::BatchNorm&) {
            return batch_norm_grad(graph, std::move(name), node, g);
          },
          [&](const engine::Relu&) { return relu_grad(graph, std::move(name), node, g); },
          [&](const engine::MaxPool2d&) {
            return max_pool2d_grad(graph, std::move(name), node, g);
          },
          [&](const engine::AvgPool2d&) {
            return avg_pool2d_grad(graph, std::move(name), node, g);
          },
          [&](const engine::GlobalAvgPool&) {
            return global_avg_pool_grad(graph, std::move(name), node, g);
          },
          [&](const engine::Linear&) { return linear_input_grad(graph, std::move(name), node, g); },
          [&](const engine::Add&) { return g; },
          [&](const engine::ScaledAdd&) {
            return operand == 0 ? g : scaled_add_grad(graph, std::move(name), node, g);
          },
          [&](const engine::Concat&) {
            return concat_grad(graph, std::move(name), node, operand, g);
          },
          [&](const engine::SubsamplePad&) {
            return subsample_pad_grad(graph, std::move(name), node, g);
          },
          [&](const engine::Input&) { return refuse(); },
          [&](const engine::ScoreGrad&) { return refuse(); },
          [&](const engine::Conv2dInputGrad&) { return refuse(); },
          [&](const engine::BatchNormGrad&) { return refuse(); },
          [&](const engine::ReluGrad&) { return refuse(); },
          [&](const engine::MaxPool2dGrad&) { return refuse(); },
          [&](const engine::AvgPool2dGrad&) { return refuse(); },
          [&](const engine::GlobalAvgPoolGrad&) { return refuse(); },
          [&](const engine::LinearInputGrad&) { return refuse(); },
          [&](const engine::Slice&) { return refuse(); },
          [&](const engine::SubsamplePadGrad&) { return refuse(); },
          [&](const engine::ScaledAddGrad&) { return refuse(); },
      },
      op);
}

class Differentiator {
 public:
  explicit Differentiator(const engine::Graph& graph)
      : forward_(graph),
        readers_(graph.consumers()),
        builder_(graph),
        gradient_(graph.nodes().size()) {}

  Differentiated run(std::span<const engine::NodeId> wrt) {
    check_logits();
    find_between(wrt);
    const engine::NodeId logits = forward_.output();
    gradient_[logits] = builder_.add(forward_.node(logits).name + ":gradient", engine::ScoreGrad{},
                                     {logits}, {}, forward_.node(logits).shape);
    for (engine::NodeId id = logits; id-- > 0;) {
      if (between_[id]) gradient_[id] = gradient_of(id);
    }
    std::vector<engine::NodeId> gradients;
    for (const engine::NodeId id : wrt) gradients.push_back(gradient_[id].value());
    return {std::move(builder_).build(logits), std::move(gradients)};
  }

 private:
  void check_logits() const {
    const engine::Node& output = forward_.node(forward_.output());
    if (output.shape.height == 1 && output.shape.width == 1) return;
    throw Error(ErrorKind::kUsage, output.name,
                "the network ends in " + engine::to_text(output.shape) + ", which are no logits",
                "only a network that ends in a vector has a score per class");
  }

  // The nodes that both depend on one of `wrt` and influence the logits.
  void find_between(std::span<const engine::NodeId> wrt) {
    const engine::NodeId logits = forward_.output();
    std::vector<bool> influences(forward_.nodes().size());
    influences[logits] = true;
    for (engine::NodeId id = logits + 1; id-- > 0;) {
      if (!influences[id]) continue;
      for (const engine::NodeId input : forward_.node(id).inputs) influences[input] = true;
    }
    between_.resize(influences.size());
    for (const engine::NodeId id : wrt) {
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
    for (engine::NodeId id = 0; id < influences.size(); ++id) {
      for (const engine::NodeId input : forward_.node(id).inputs) {
        if (between_[input] && influences[id]) between_[id] = true;
      }
    }
  }

  engine::NodeId gradient_of(engine::NodeId id) {
    const std::string name = forward_.node(id).name + ":gradient";
    const std::vector<std::pair<engine::NodeId, std::size_t>> uses = uses_of(id);
    std::optional<engine::NodeId> sum;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const auto [reader, operand] = uses[i];
      std::string from = forward_.node(reader).name;
      if (i > 0 && uses[i - 1].first == reader) {
        from += '#' + to_text(static_cast<std::int64_t>(operand));
      }
      const engine::NodeId part = carry_back(builder_, uses.size() == 1 ? name : name + ':' + from,
                                             reader, operand, gradient_[reader].value());
      if (!sum) {
        sum = part;
        continue;
      }
      const bool last = i + 1 == uses.size();
      const engine::Shape shape = forward_.node(id).shape;
      sum = builder_.add(last ? name : name + ":+" + from, engine::Add{}, {*sum, part}, {}, shape);
    }
    return sum.value();
  }

  // Who reads `id` on the way to the logits, and as which operand; ascending.
  std::vector<std::pair<engine::NodeId, std::size_t>> uses_of(engine::NodeId id) const {
    std::vector<std::pair<engine::NodeId, std::size_t>> uses;
    engine::NodeId previous = id;
    for (const engine::NodeId reader : readers_[id]) {
      if (!between_[reader] || reader == previous) continue;
      previous = reader;
      const std::vector<engine::NodeId>& inputs = forward_.node(reader).inputs;
      for (std::size_t operand = 0; operand < inputs.size(); ++operand) {
        if (inputs[operand] == id) uses.emplace_back(reader, operand);
      }
    }
    return uses;
  }

  const engine::Graph& forward_;
  std::vector<std::vector<engine::NodeId>> readers_;
  engine::GraphBuilder builder_;
  std::vector<bool> between_;
  std::vector<std::optional<engine::NodeId>> gradient_;  // by forward node
};

}  // namespace

Differentiated differentiate(const engine::Graph& graph, std::span<const engine::NodeId> wrt) {
  return Differentiator(graph).run(wrt);
}

}  // namespace apatite::layers
