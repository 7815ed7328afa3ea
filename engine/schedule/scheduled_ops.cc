#include "engine/schedule/scheduled_ops.h"

#include <algorithm>
#include <utility>

#include "engine/graph/operations.h"

namespace apatite::engine {

std::optional<Conv2d> as_convolution(const Graph& graph, const Node& node) {
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) return *conv;
  if (const auto* linear = std::get_if<Linear>(&node.op)) {
    const Shape& in = graph.node(node.inputs[0]).shape;
    return Conv2d{.out_channels = linear->out_features,
                  .kernel = {in.height, in.width},
                  .bias = linear->bias};
  }
  return std::nullopt;
}

std::optional<Conv2d> as_convolution_grad(const Graph& graph, const Node& node) {
  if (const auto* grad = std::get_if<Conv2dInputGrad>(&node.op)) return grad->forward;
  if (std::holds_alternative<LinearInputGrad>(node.op)) {
    return Conv2d{.out_channels = graph.node(node.inputs[0]).shape.channels,
                  .kernel = {node.shape.height, node.shape.width}};
  }
  return std::nullopt;
}

namespace {

class Scheduler {
 public:
  Scheduler(const Graph& graph, const std::vector<NodeId>& outputs, const ScheduleRules& rules)
      : graph_(graph),
        outputs_(outputs),
        rules_(rules),
        lanes_(rules.lanes),
        value_of_(graph.nodes().size(), kUnplaced),
        blocked_input_(kUnplaced) {
    schedule_.groups = fuse(graph, outputs, rules.fusion);
  }

  Schedule run() {
    for (const FusedGroup& group : schedule_.groups) add_group(group);
    return std::move(schedule_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  ValueId new_value(Layout layout) {
    schedule_.values.push_back({.layout = std::move(layout), .buffer = kUnplaced});
    schedule_.roots.push_back({schedule_.values.size() - 1, 0});
    return schedule_.values.size() - 1;
  }

  void add_group(const FusedGroup& group) {
    const BlockRule rule =
        std::visit([](const auto& op) { return row_of(op).blocks; }, node(group.main).op);
    ScheduledOp scheduled{.group = &group};
    for (const NodeId input : group.inputs) {
      scheduled.reads.push_back(readable(group, value_of_[input]));
    }
    if (rule == BlockRule::kPart && add_view(group, scheduled.reads[0])) return;
    Layout layout = result_layout(group, rule, scheduled.reads);
    bring_into_blocks(rule, layout, scheduled.reads);
    if (group.residual) scheduled.residual = in_layout(value_of_[*group.residual], layout);
    if (group.relu_mask) scheduled.relu_mask = in_layout(value_of_[*group.relu_mask], layout);
    scheduled.write = new_value(std::move(layout));
    value_of_[group.result] = scheduled.write;
    schedule_.ops.push_back(std::move(scheduled));
    add_outputs(group.result);
  }

  const std::vector<std::int32_t>& blocks_of(ValueId value) const {
    return schedule_.values[value].layout.block_channels;
  }

  // How the result of a group lies that reads the values `reads`.
  Layout result_layout(const FusedGroup& group, BlockRule rule,
                       const std::vector<ValueId>& reads) const {
    Layout layout = Layout::of(node(group.result).shape, lanes_);
    switch (rule) {
      case BlockRule::kFull:
      case BlockRule::kPart:
        break;
      case BlockRule::kImage:
        return input_layout();
      case BlockRule::kOfFirstInput:
      case BlockRule::kOfAllInputs:
        layout.block_channels = blocks_of(reads[0]);
        break;
      case BlockRule::kOfSecondInput:
        layout.block_channels = blocks_of(reads[1]);
        break;
      case BlockRule::kJoined:
        layout.block_channels.clear();
        for (const ValueId read : reads) {
          const std::vector<std::int32_t>& blocks = blocks_of(read);
          layout.block_channels.insert(layout.block_channels.end(), blocks.begin(), blocks.end());
        }
        break;
      case BlockRule::kOfConvolution:
        if (const auto like = layout_of_input(group.main)) {
          layout.block_channels = like->block_channels;
        }
        break;
    }
    return layout;
  }

  // Copies the inputs that do not lie as the rule asks.
  void bring_into_blocks(BlockRule rule, const Layout& layout, std::vector<ValueId>& reads) {
    if (rule == BlockRule::kOfAllInputs) {
      for (ValueId& read : reads) read = in_layout(read, layout);
    } else if (rule == BlockRule::kOfSecondInput) {
      Layout first = schedule_.values[reads[0]].layout;
      first.block_channels = layout.block_channels;
      reads[0] = in_layout(reads[0], first);
    }
  }

  void add_outputs(NodeId result) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i] != result) continue;
      schedule_.ops.push_back(
          {.kind = ScheduledOp::Kind::kOutput, .reads = {value_of_[result]}, .output = i});
    }
  }

  // How the input lies of the convolution whose gradient `id` computes: its gradient lies so too.
  std::optional<Layout> layout_of_input(NodeId id) const {
    for (NodeId forward = 0; forward < id; ++forward) {
      if (!as_convolution(graph_, node(forward))) continue;
      if (node(forward).parameters[0] != node(id).parameters[0]) continue;
      NodeId input = node(forward).inputs[0];
      // A batch norm and ReLU ahead of the convolution are in its step.
      while (value_of_[input] == kUnplaced && !node(input).inputs.empty()) {
        input = node(input).inputs[0];
      }
      if (value_of_[input] == kUnplaced) return std::nullopt;
      const Layout& layout = schedule_.values[value_of_[input]].layout;
      if (layout.lanes == lanes_) return layout;
    }
    return std::nullopt;
  }

  // Channels that fill whole blocks of a value need no place of their own. False if they do not.
  bool add_view(const FusedGroup& group, ValueId value) {
    const std::int64_t first_channel = std::get<Slice>(node(group.main).op).first_channel;
    const Layout& whole = schedule_.values[value].layout;
    const Shape& shape = node(group.result).shape;
    std::size_t block = 0;
    std::int64_t channel = 0;
    while (channel < first_channel) channel += whole.block_channels[block++];
    if (channel != first_channel) return false;
    Layout layout = whole;
    layout.block_channels.clear();
    const std::size_t first_block = block;
    while (channel < first_channel + shape.channels) {
      layout.block_channels.push_back(whole.block_channels[block]);
      channel += whole.block_channels[block++];
    }
    if (channel != first_channel + shape.channels) return false;
    const ValueId view = new_value(std::move(layout));
    schedule_.roots[view] = {schedule_.roots[value].value,
                             schedule_.roots[value].block + static_cast<std::int64_t>(first_block)};
    value_of_[group.result] = view;
    add_outputs(group.result);
    return true;
  }

  // The image in planes, with the columns of padding that its convolutions need.
  Layout input_layout() const {
    const Node& input = node(graph_.input());
    Layout layout = Layout::of(input.shape, 1);
    for (const Node& reader : graph_.nodes()) {
      const auto* conv = std::get_if<Conv2d>(&reader.op);
      if (conv == nullptr || reader.inputs[0] != graph_.input()) continue;
      add_columns(layout, reader);
    }
    return layout;
  }

  // `value` in a layout that the group's kernel reads: itself or a copy.
  ValueId readable(const FusedGroup& group, ValueId value) {
    const Node& main = node(group.main);
    const Layout layout =
        schedule_.values[value].layout;  // a copy: new_value may move schedule_.values
    // A batch norm ahead of a convolution goes by blocks, like any batch norm.
    const bool convolution = as_convolution(graph_, main) && !group.prologue;
    if (convolution || as_convolution_grad(graph_, main)) {
      Layout padded = layout;
      add_columns(padded, main);
      return padded == layout ? value : copy(value, std::move(padded));
    }
    const bool padded = layout.pad_left > 0 || layout.pad_right > 0;
    if (layout.lanes == lanes_ && !padded) return value;
    if (blocked_input_ == kUnplaced) {
      blocked_input_ = copy(value, Layout::of(node(graph_.input()).shape, lanes_));
    }
    return blocked_input_;
  }

  // At least the columns of +0 that `reader` needs.
  void add_columns(Layout& layout, const Node& reader) const {
    if (!rules_.columns) return;
    const ColumnPadding columns = rules_.columns(reader, layout.width);
    layout.pad_left = std::max(layout.pad_left, columns.left);
    layout.pad_right = std::max(layout.pad_right, columns.right);
  }

  ValueId in_layout(ValueId value, const Layout& layout) {
    return schedule_.values[value].layout == layout ? value : copy(value, layout);
  }

  ValueId copy(ValueId from, Layout layout) {
    const ValueId to = new_value(std::move(layout));
    schedule_.ops.push_back({.kind = ScheduledOp::Kind::kCopy, .reads = {from}, .write = to});
    return to;
  }

  const Graph& graph_;
  const std::vector<NodeId>& outputs_;
  const ScheduleRules& rules_;
  std::int64_t lanes_;
  std::vector<ValueId> value_of_;  // by node
  ValueId blocked_input_;          // the image in blocks, once it is needed
  Schedule schedule_;
};

}  // namespace

std::vector<ValueId> all_reads(const ScheduledOp& scheduled) {
  std::vector<ValueId> reads = scheduled.reads;
  if (scheduled.residual) reads.push_back(*scheduled.residual);
  if (scheduled.relu_mask) reads.push_back(*scheduled.relu_mask);
  return reads;
}

Schedule make_schedule(const Graph& graph, const std::vector<NodeId>& outputs,
                       const ScheduleRules& rules) {
  return Scheduler(graph, outputs, rules).run();
}

}  // namespace apatite::engine
