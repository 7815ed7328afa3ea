#include "engine/schedule/fusion.h"

#include <algorithm>

#include "engine/graph/operations.h"

namespace apatite::engine {
namespace {

class Fuser {
 public:
  Fuser(const Graph& graph, const std::vector<NodeId>& outputs, const FusionRules& rules)
      : graph_(graph), rules_(rules), needed_(graph.nodes().size()), taken_(needed_.size()) {
    for (const NodeId output : outputs) needed_[output] = true;
    visible_ = needed_;
    for (NodeId id = needed_.size(); id-- > 0;) {
      if (!needed_[id]) continue;
      for (const NodeId input : graph.node(id).inputs) needed_[input] = true;
    }
    readers_.resize(needed_.size());
    for (NodeId id = 0; id < needed_.size(); ++id) {
      if (!needed_[id]) continue;
      for (const NodeId input : graph.node(id).inputs) readers_[input].push_back(id);
    }
    norm_of_relu_mask_.resize(needed_.size());
    if (rules.enabled) choose_recomputed_relu_masks();
  }

  std::vector<FusedGroup> run() {
    std::vector<FusedGroup> groups;
    for (NodeId id = 0; id < needed_.size(); ++id) {
      if (!needed_[id]) continue;
      if (role(id) == FusionRole::kConvolution) groups.push_back(start_at_convolution(id));
      if (role(id) == FusionRole::kConvolutionGrad) groups.push_back(start_at_gradient(id));
    }
    for (NodeId id = 0; id < needed_.size(); ++id) {
      if (needed_[id] && !taken_[id]) groups.push_back(start_at(id));
    }
    std::sort(groups.begin(), groups.end(),
              [](const FusedGroup& a, const FusedGroup& b) { return a.result < b.result; });
    return groups;
  }

 private:
  [[nodiscard]] Operation row(NodeId id) const {
    return std::visit([](const auto& op) { return row_of(op); }, graph_.node(id).op);
  }
  [[nodiscard]] FusionRole role(NodeId id) const { return row(id).fusion; }
  [[nodiscard]] bool is_relu(NodeId id) const { return row(id).activation == Activation::kRelu; }

  // A ReLU behind a batch norm need not be kept for its gradient: batch norm ahead of the ReLU can
  // be computed again where the gradient needs its sign, so that both stay ahead of a convolution.
  // To be read by that gradient then means to read what the batch norm reads. (A batch norm that
  // rather follows the convolution before it is left there.)
  void choose_recomputed_relu_masks() {
    for (NodeId id = 0; id < needed_.size(); ++id) {
      if (!needed_[id] || role(id) != FusionRole::kReluGrad) continue;
      const NodeId g = graph_.node(id).inputs[0];
      const NodeId relu = graph_.node(id).inputs[1];
      const NodeId norm = is_relu(relu) ? graph_.node(relu).inputs[0] : relu;
      if (role(g) != FusionRole::kConvolutionGrad || !rules_.takes_epilogue(graph_.node(g)) ||
          visible_[g] || readers_[g].size() != 1) {
        continue;
      }
      const bool hidden = role(norm) == FusionRole::kNorm && !visible_[norm] &&
                          readers_[norm].size() == 1 && !visible_[relu] &&
                          readers_[relu].size() == 2;
      if (!hidden) continue;
      const NodeId first = readers_[relu].front();
      if (role(first) != FusionRole::kConvolution ||
          !rules_.takes_prologue(graph_.node(first), Activation::kRelu)) {
        continue;
      }
      const NodeId x = graph_.node(norm).inputs[0];
      if (role(x) == FusionRole::kConvolution && readers_[x].size() == 1 && !visible_[x]) continue;
      readers_[relu].pop_back();
      readers_[x].push_back(id);
      norm_of_relu_mask_[id] = norm;
    }
  }

  // The only reader of `id`, if its value is no output and the reader is in no group yet.
  [[nodiscard]] std::optional<NodeId> only_reader(NodeId id) const {
    if (!rules_.enabled || visible_[id] || readers_[id].size() != 1) return std::nullopt;
    const NodeId reader = readers_[id].front();
    return taken_[reader] ? std::nullopt : std::optional(reader);
  }

  // Takes the only reader of the group's result into the group if it has this role.
  bool absorb_next(FusedGroup& group, FusionRole wanted) {
    const auto next = only_reader(group.result);
    if (!next || role(*next) != wanted) return false;
    taken_[*next] = true;
    group.result = *next;
    return true;
  }

  void absorb_activation(FusedGroup& group) {
    if (absorb_next(group, FusionRole::kActivation)) {
      group.activation = row(group.result).activation;
    }
  }

  FusedGroup start_at_convolution(NodeId id) {
    FusedGroup group{.main = id, .inputs = graph_.node(id).inputs, .result = id};
    taken_[id] = true;
    absorb_prologue(group);
    if (rules_.takes_epilogue(graph_.node(id))) {
      if (absorb_next(group, FusionRole::kNorm)) group.norm = group.result;
      absorb_residual(group);
      absorb_activation(group);
    }
    return group;
  }

  FusedGroup start_at_gradient(NodeId id) {
    FusedGroup group{.main = id, .inputs = graph_.node(id).inputs, .result = id};
    taken_[id] = true;
    if (!rules_.takes_epilogue(graph_.node(id))) return group;
    absorb_residual(group);
    group.residual_first = group.residual.has_value();
    const auto next = only_reader(group.result);
    if (next && role(*next) == FusionRole::kReluGrad &&
        graph_.node(*next).inputs[0] == group.result) {
      group.relu_mask = graph_.node(*next).inputs[1];
      if (const auto norm = norm_of_relu_mask_[*next]) {
        group.relu_mask_norm = norm;
        group.relu_mask = graph_.node(*norm).inputs[0];
      }
      taken_[*next] = true;
      group.result = *next;
    }
    if (absorb_next(group, FusionRole::kNormGrad)) group.norm = group.result;
    if (!group.residual) absorb_residual(group);
    return group;
  }

  void absorb_residual(FusedGroup& group) {
    const auto addition = only_reader(group.result);
    if (!addition || role(*addition) != FusionRole::kSum) return;
    const std::vector<NodeId>& operands = graph_.node(*addition).inputs;
    group.residual = operands[0] == group.result ? operands[1] : operands[0];
    taken_[*addition] = true;
    group.result = *addition;
  }

  // x -> batch norm -> activation -> convolution, where no other node reads a value in between.
  void absorb_prologue(FusedGroup& group) {
    const NodeId activation = group.inputs[0];
    if (!rules_.enabled || role(activation) != FusionRole::kActivation || !hidden(activation)) {
      return;
    }
    const NodeId norm = graph_.node(activation).inputs[0];
    if (role(norm) != FusionRole::kNorm || !hidden(norm)) return;
    const Activation applied = row(activation).activation;
    if (!rules_.takes_prologue(graph_.node(group.main), applied)) return;
    taken_[activation] = taken_[norm] = true;
    group.prologue = norm;
    group.prologue_activation = applied;
    group.inputs = graph_.node(norm).inputs;
  }

  // Whether only one node reads `id`, which is free and no output.
  [[nodiscard]] bool hidden(NodeId id) const {
    return !taken_[id] && !visible_[id] && readers_[id].size() == 1;
  }

  FusedGroup start_at(NodeId id) {
    FusedGroup group{.main = id, .inputs = graph_.node(id).inputs, .result = id};
    taken_[id] = true;
    switch (role(id)) {
      case FusionRole::kNorm:
      case FusionRole::kSum:
      case FusionRole::kBeforeActivation:
        absorb_activation(group);
        break;
      case FusionRole::kAlone:
      case FusionRole::kConvolution:
      case FusionRole::kConvolutionGrad:
      case FusionRole::kNormGrad:
      case FusionRole::kActivation:
      case FusionRole::kReluGrad:
        break;
    }
    return group;
  }

  const Graph& graph_;
  const FusionRules& rules_;
  std::vector<bool> needed_;
  std::vector<bool> visible_;  // outputs
  std::vector<bool> taken_;    // part of a group already
  std::vector<std::vector<NodeId>> readers_;
  std::vector<std::optional<NodeId>>
      norm_of_relu_mask_;  // by ReluGrad whose mask is computed again
};

}  // namespace

std::vector<FusedGroup> fuse(const Graph& graph, const std::vector<NodeId>& outputs,
                             const FusionRules& rules) {
  return Fuser(graph, outputs, rules).run();
}

}  // namespace apatite::engine
