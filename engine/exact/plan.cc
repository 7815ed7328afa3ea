#include "engine/exact/plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/arena.h"
#include "engine/batch_norm.h"
#include "engine/exact/conv_step.h"
#include "engine/exact/gradient_steps.h"
#include "engine/exact/steps.h"
#include "engine/fusion.h"

namespace apatite::exact {
namespace {

using ValueId = std::size_t;
constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

// A convolution's or linear layer's attributes; a linear layer is a convolution whose kernel is the
// whole image.
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

// The convolution whose input gradient a node computes, likewise.
std::optional<Conv2d> as_convolution_grad(const Graph& graph, const Node& node) {
  if (const auto* grad = std::get_if<Conv2dInputGrad>(&node.op)) return grad->forward;
  if (std::holds_alternative<LinearInputGrad>(node.op)) {
    return Conv2d{.out_channels = graph.node(node.inputs[0]).shape.channels,
                  .kernel = {node.shape.height, node.shape.width}};
  }
  return std::nullopt;
}

FusionRules fusion_rules(bool enabled) {
  return {
      .enabled = enabled,
      .norm_before = [](const Node& node) { return can_norm_before(std::get<Conv2d>(node.op)); },
      .anything_after =
          [](const Node& node) {
            const auto* grad = std::get_if<Conv2dInputGrad>(&node.op);
            return grad != nullptr ? can_tile_grad(grad->forward)
                                   : can_tile(std::get<Conv2d>(node.op));
          }};
}

// What becomes a step.
struct Job {
  enum class Kind { kGroup, kCopy, kOutput } kind = Kind::kGroup;
  const FusedGroup* group = nullptr;  // kGroup
  std::vector<ValueId> reads;
  std::optional<ValueId> residual;
  std::optional<ValueId> mask;
  ValueId write = 0;       // kOutput: none
  std::size_t output = 0;  // kOutput: its number
};

class Planner {
 public:
  Planner(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
          const std::vector<NodeId>& outputs, bool fuse_nodes, int threads)
      : graph_(graph),
        source_(source),
        kernels_(kernels),
        outputs_(outputs),
        threads_(threads),
        groups_(fuse(graph, outputs, fusion_rules(fuse_nodes))),
        value_of_(graph.nodes().size(), kNowhere),
        blocked_input_(kNowhere) {}

  Plan run() {
    for (const FusedGroup& group : groups_) add_group(group);
    place_values();
    choose_cut();
    plan_memory();
    // A gradient needs what the forward pass made long ago: held for a whole batch, all of it would
    // fill the memory. Then image by image to the end.
    constexpr std::int64_t kMostBatchFloats = std::int64_t{1} << 24;  // for one image: 64 MiB
    if (plan_.batch_arena > kMostBatchFloats) {
      cut_job_ = jobs_.size();
      plan_memory();
    }
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (i == cut_job_) plan_.cut = plan_.steps.size();
      if (auto step = make_step(jobs_[i])) plan_.steps.push_back(std::move(step));
    }
    if (cut_job_ == jobs_.size()) plan_.cut = plan_.steps.size();
    return std::move(plan_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  ValueId new_value(Layout layout) {
    values_.push_back({.layout = std::move(layout), .buffer = kNowhere});
    root_.push_back({values_.size() - 1, 0});
    return values_.size() - 1;
  }

  // --- Jobs: which values there are, in which layout, and who makes them. ---

  void add_group(const FusedGroup& group) {
    Job job{.group = &group};
    for (const NodeId input : group.inputs) job.reads.push_back(readable(group, value_of_[input]));
    const Node& result = node(group.result);
    Layout layout = Layout::of(result.shape, kernels_.lanes);
    if (std::holds_alternative<Input>(node(group.main).op)) {
      layout = input_layout();
    } else if (std::holds_alternative<Concat>(node(group.main).op)) {
      layout.block_channels.clear();
      for (const ValueId read : job.reads) {
        const std::vector<std::int32_t>& blocks = values_[read].layout.block_channels;
        layout.block_channels.insert(layout.block_channels.end(), blocks.begin(), blocks.end());
      }
    } else if (keeps_blocks(node(group.main).op)) {
      layout.block_channels = values_[job.reads[0]].layout.block_channels;
    } else if (as_convolution_grad(graph_, node(group.main))) {
      if (const auto like = layout_of_input(group.main))
        layout.block_channels = like->block_channels;
    }
    if (const auto* slice = std::get_if<Slice>(&node(group.main).op)) {
      if (add_view(group, job.reads[0], slice->first_channel)) return;
    }
    if (std::holds_alternative<Add>(node(group.main).op) ||
        std::holds_alternative<ReluGrad>(node(group.main).op)) {
      job.reads[1] = in_layout(job.reads[1], layout);
    }
    if (std::holds_alternative<MaxPool2dGrad>(node(group.main).op)) {
      layout.block_channels = values_[job.reads[1]].layout.block_channels;
      Layout of_g = values_[job.reads[0]].layout;
      of_g.block_channels = layout.block_channels;
      job.reads[0] = in_layout(job.reads[0], of_g);
    }
    if (group.residual) job.residual = in_layout(value_of_[*group.residual], layout);
    if (group.mask) job.mask = in_layout(value_of_[*group.mask], layout);
    job.write = new_value(std::move(layout));
    value_of_[group.result] = job.write;
    jobs_.push_back(std::move(job));
    add_outputs(group.result);
  }

  void add_outputs(NodeId result) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i] != result) continue;
      jobs_.push_back({.kind = Job::Kind::kOutput, .reads = {value_of_[result]}, .output = i});
    }
  }

  // How the input lies of the convolution whose gradient `id` computes: its gradient lies so too.
  std::optional<Layout> layout_of_input(NodeId id) const {
    for (NodeId forward = 0; forward < id; ++forward) {
      if (!as_convolution(graph_, node(forward))) continue;
      if (node(forward).parameters[0] != node(id).parameters[0]) continue;
      NodeId input = node(forward).inputs[0];
      // A batch norm and ReLU ahead of the convolution are in its step.
      while (value_of_[input] == kNowhere && !node(input).inputs.empty()) {
        input = node(input).inputs[0];
      }
      if (value_of_[input] == kNowhere) return std::nullopt;
      const Layout& layout = values_[value_of_[input]].layout;
      if (layout.lanes == kernels_.lanes) return layout;
    }
    return std::nullopt;
  }

  // Channels that fill whole blocks of a value need no place of their own. False if they do not.
  bool add_view(const FusedGroup& group, ValueId value, std::int64_t first_channel) {
    const Layout& whole = values_[value].layout;
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
    root_[view] = {root_[value].value, root_[value].block + static_cast<std::int64_t>(first_block)};
    value_of_[group.result] = view;
    add_outputs(group.result);
    return true;
  }

  static bool keeps_blocks(const Op& op) {
    return std::holds_alternative<BatchNorm>(op) || std::holds_alternative<Relu>(op) ||
           std::holds_alternative<MaxPool2d>(op) || std::holds_alternative<AvgPool2d>(op) ||
           std::holds_alternative<GlobalAvgPool>(op) || std::holds_alternative<Add>(op) ||
           std::holds_alternative<ScoreGrad>(op) || std::holds_alternative<BatchNormGrad>(op) ||
           std::holds_alternative<ReluGrad>(op) || std::holds_alternative<AvgPool2dGrad>(op) ||
           std::holds_alternative<GlobalAvgPoolGrad>(op);
  }

  // The image in planes, with the columns of padding that its convolutions need.
  Layout input_layout() const {
    const Node& input = node(graph_.input());
    Layout layout = Layout::of(input.shape, 1);
    for (const Node& reader : graph_.nodes()) {
      const auto* conv = std::get_if<Conv2d>(&reader.op);
      if (conv == nullptr || reader.inputs[0] != graph_.input() || !can_tile(*conv)) continue;
      const ConvWalk walk = forward_walk(*conv, Layout::of(reader.shape, 1));
      const ColumnPadding columns = needed_columns(walk, input.shape.width);
      layout.pad_left = std::max(layout.pad_left, columns.left);
      layout.pad_right = std::max(layout.pad_right, columns.right);
    }
    return layout;
  }

  // `value` in a layout that the group's kernel reads: itself or a copy.
  ValueId readable(const FusedGroup& group, ValueId value) {
    const Node& main = node(group.main);
    const Layout layout = values_[value].layout;  // a copy: new_value may move values_
    // A batch norm ahead of a convolution goes by blocks, like any batch norm.
    if (const auto conv = as_convolution(graph_, main); conv && !group.pre_norm) {
      if (!can_tile(*conv)) return value;  // GenericConvStep goes by strides
      return with_columns(value, {forward_walk(*conv, Layout::of(main.shape, kernels_.lanes))});
    }
    if (const auto conv = as_convolution_grad(graph_, main)) {
      if (!can_tile_grad(*conv)) return value;
      return with_columns(value, gradient_walks(*conv, Layout::of(main.shape, kernels_.lanes)));
    }
    const bool padded = layout.pad_left > 0 || layout.pad_right > 0;
    if (layout.lanes == kernels_.lanes && !padded) return value;
    if (blocked_input_ == kNowhere) {
      blocked_input_ = copy(value, Layout::of(node(graph_.input()).shape, kernels_.lanes));
    }
    return blocked_input_;
  }

  // `value` with the columns of +0 that all walks need.
  ValueId with_columns(ValueId value, const std::vector<ConvWalk>& walks) {
    const Layout layout = values_[value].layout;  // a copy: new_value may move values_
    Layout padded = layout;
    for (const ConvWalk& walk : walks) {
      const ColumnPadding columns = needed_columns(walk, layout.width);
      padded.pad_left = std::max(padded.pad_left, columns.left);
      padded.pad_right = std::max(padded.pad_right, columns.right);
    }
    return padded == layout ? value : copy(value, std::move(padded));
  }

  ValueId in_layout(ValueId value, const Layout& layout) {
    return values_[value].layout == layout ? value : copy(value, layout);
  }

  ValueId copy(ValueId from, Layout layout) {
    const ValueId to = new_value(std::move(layout));
    jobs_.push_back({.kind = Job::Kind::kCopy, .reads = {from}, .write = to});
    return to;
  }

  // --- Places: which buffer each value lies in. ---

  bool is_concat(const Job& job) const {
    return job.kind == Job::Kind::kGroup &&
           std::holds_alternative<Concat>(node(job.group->main).op);
  }

  std::size_t new_buffer(const Layout& layout) {
    plan_.buffers.push_back({.floats = layout.image_size(), .first = kNowhere});
    return plan_.buffers.size() - 1;
  }

  void place_values() {
    last_read_.assign(values_.size(), 0);
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      for (const ValueId read : all_reads(jobs_[i])) last_read_[root_[read].value] = i;
    }
    // The last concatenation of a dense block holds all the others, so it comes first.
    for (std::size_t i = jobs_.size(); i-- > 0;) {
      if (is_concat(jobs_[i])) place_concat(jobs_[i]);
    }
    concat_buffers_ = plan_.buffers.size();
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      for (const ValueId read : all_reads(jobs_[i])) place_view(read);
      if (jobs_[i].kind != Job::Kind::kOutput) place_result(jobs_[i], i);
    }
  }

  static std::vector<ValueId> all_reads(const Job& job) {
    std::vector<ValueId> reads = job.reads;
    if (job.residual) reads.push_back(*job.residual);
    if (job.mask) reads.push_back(*job.mask);
    return reads;
  }

  void place_view(ValueId view) {
    const Value& root = values_[root_[view].value];
    values_[view].buffer = root.buffer;
    values_[view].first_block = root.first_block + root_[view].block;
  }

  // Where the parts of a concatenation already lie one after the other, it is there. Else it gets a
  // buffer, and every part that has no place yet will be written straight into it.
  void place_concat(const Job& job) {
    Value& whole = values_[job.write];
    if (whole.buffer == kNowhere && lie_in_a_row(job.reads)) {
      whole.buffer = values_[job.reads[0]].buffer;
      whole.first_block = values_[job.reads[0]].first_block;
      return;
    }
    if (whole.buffer == kNowhere) whole.buffer = new_buffer(whole.layout);
    std::int64_t block = whole.first_block;
    for (const ValueId read : job.reads) {
      Value& part = values_[read];
      const bool first_use = part.buffer == kNowhere;
      if (first_use) {
        part.buffer = whole.buffer;
        part.first_block = block;
      }
      block += part.layout.blocks();
    }
  }

  bool lie_in_a_row(const std::vector<ValueId>& parts) const {
    const Value& first = values_[parts[0]];
    std::int64_t block = first.first_block;
    for (const ValueId part : parts) {
      const Value& value = values_[part];
      if (value.buffer == kNowhere || value.buffer != first.buffer || value.first_block != block) {
        return false;
      }
      block += value.layout.blocks();
    }
    return true;
  }

  // In the place of the residual, if that is read here for the last time; else in a new buffer.
  void place_result(const Job& job, std::size_t index) {
    Value& result = values_[job.write];
    if (result.buffer != kNowhere) return;
    if (job.residual && can_overwrite(*job.residual, job, index)) {
      result.buffer = values_[*job.residual].buffer;
      result.first_block = values_[*job.residual].first_block;
    } else {
      result.buffer = new_buffer(result.layout);
    }
  }

  // Whether nothing reads the residual later, and nothing else of its buffer now.
  bool can_overwrite(ValueId residual, const Job& job, std::size_t index) const {
    const std::size_t buffer = values_[residual].buffer;
    const auto lies_there = [&](ValueId read) { return values_[read].buffer == buffer; };
    return last_read_[root_[residual].value] == index && buffer >= concat_buffers_ &&
           values_[residual].layout == values_[job.write].layout &&
           std::none_of(job.reads.begin(), job.reads.end(), lies_there) &&
           !(job.mask && lies_there(*job.mask));
  }

  // --- Order: what runs image by image, how long each buffer is in use. ---

  // The first convolution whose weights are larger than the image that it reads and writes.
  void choose_cut() {
    cut_job_ = jobs_.size();
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      if (jobs_[i].kind != Job::Kind::kGroup) continue;
      const Node& main = node(jobs_[i].group->main);
      if (!as_convolution(graph_, main) && !as_convolution_grad(graph_, main)) continue;
      const std::int64_t weights = element_count(graph_.parameters()[main.parameters[0]].dims);
      const Layout& x = values_[jobs_[i].reads[0]].layout;
      if (weights > x.image_size() + values_[jobs_[i].write].layout.image_size()) {
        cut_job_ = i;
        return;
      }
    }
  }

  void touch(ValueId value, std::size_t step) {
    Buffer& buffer = plan_.buffers[values_[value].buffer];
    if (buffer.first == kNowhere) buffer.first = step;
    buffer.last = step;
    buffer.whole_batch = buffer.whole_batch || step >= cut_job_;
  }

  void plan_memory() {
    for (Buffer& buffer : plan_.buffers) {
      buffer.first = kNowhere;
      buffer.whole_batch = false;
    }
    find_live_ranges();
    plan_arenas();
  }

  void find_live_ranges() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      for (const ValueId read : all_reads(jobs_[i])) touch(read, i);
      if (jobs_[i].kind != Job::Kind::kOutput) touch(jobs_[i].write, i);
    }
  }

  void plan_arenas() {
    constexpr std::int64_t kAlignment = 64 / sizeof(float);
    for (const bool whole_batch : {false, true}) {
      std::vector<LiveRange> ranges;
      std::vector<Buffer*> members;
      for (Buffer& buffer : plan_.buffers) {
        if (buffer.whole_batch != whole_batch || buffer.first == kNowhere) continue;
        ranges.push_back({buffer.first, buffer.last, buffer.floats});
        members.push_back(&buffer);
      }
      const ArenaPlan arena = plan_arena(ranges, kAlignment);
      for (std::size_t i = 0; i < members.size(); ++i) members[i]->offset = arena.offsets[i];
      (whole_batch ? plan_.batch_arena : plan_.image_arena) = arena.size;
    }
  }

  // --- Steps. ---

  std::unique_ptr<Step> make_step(const Job& job) {
    if (job.kind == Job::Kind::kOutput) {
      return std::make_unique<OutputStep>(values_[job.reads[0]], job.output);
    }
    if (job.kind == Job::Kind::kCopy) {
      return std::make_unique<CopyStep>(Copies{{values_[job.reads[0]], values_[job.write]}});
    }
    return make_group_step(job);
  }

  std::unique_ptr<Step> make_group_step(const Job& job) {
    const FusedGroup& group = *job.group;
    const Node& main = node(group.main);
    const Value& y = values_[job.write];
    const auto x = [&](std::size_t i) -> const Value& { return values_[job.reads[i]]; };
    if (const auto conv = as_convolution(graph_, main)) return make_convolution(job, *conv);
    if (const auto conv = as_convolution_grad(graph_, main)) return make_conv_grad(job, *conv);
    return std::visit(
        Overloaded{
            [&](const Input&) -> std::unique_ptr<Step> { return std::make_unique<InputStep>(y); },
            [&](const BatchNorm&) -> std::unique_ptr<Step> {
              return std::make_unique<AffineStep>(kernels_, load_norm(group.main), group.relu, x(0),
                                                  y);
            },
            [&](const Relu&) -> std::unique_ptr<Step> {
              return std::make_unique<ReluStep>(kernels_, x(0), y);
            },
            [&](const MaxPool2d& op) -> std::unique_ptr<Step> {
              return std::make_unique<PoolStep>(kernels_, op, x(0), y);
            },
            [&](const AvgPool2d& op) -> std::unique_ptr<Step> {
              return std::make_unique<PoolStep>(kernels_, op, x(0), y);
            },
            [&](const GlobalAvgPool&) -> std::unique_ptr<Step> {
              const Extent whole{x(0).layout.height, x(0).layout.width};
              const AvgPool2d op{.kernel = whole, .stride = whole, .padding = {}};
              return std::make_unique<PoolStep>(kernels_, op, x(0), y);
            },
            [&](const Add&) -> std::unique_ptr<Step> {
              return std::make_unique<AddStep>(kernels_, group.relu, x(0), x(1), y);
            },
            [&](const Concat&) -> std::unique_ptr<Step> { return make_concat(job); },
            [&](const SubsamplePad& op) -> std::unique_ptr<Step> {
              return std::make_unique<SubsamplePadStep>(op, x(0), y);
            },
            [&](const ScoreGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<ScoreGradStep>(x(0), y);
            },
            [&](const BatchNormGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<AffineStep>(kernels_, load_norm_grad(group.main), false, x(0),
                                                  y);
            },
            [&](const ReluGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<ReluGradStep>(kernels_, x(0), x(1), y);
            },
            [&](const MaxPool2dGrad& op) -> std::unique_ptr<Step> {
              return std::make_unique<PoolGradStep>(kernels_, op.forward, x(0), x(1), y);
            },
            [&](const AvgPool2dGrad& op) -> std::unique_ptr<Step> {
              return std::make_unique<PoolGradStep>(kernels_, op.forward, x(0), y);
            },
            [&](const GlobalAvgPoolGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<GlobalAvgPoolGradStep>(x(0), y);
            },
            [&](const Slice& op) -> std::unique_ptr<Step> {
              return std::make_unique<SliceStep>(op, x(0), y);
            },
            [&](const SubsamplePadGrad& op) -> std::unique_ptr<Step> {
              return std::make_unique<SubsamplePadGradStep>(op.forward, x(0), y);
            },
            [](const auto& /*convolutions: above*/) -> std::unique_ptr<Step> { return nullptr; },
        },
        main.op);
  }

  std::unique_ptr<Step> make_convolution(const Job& job, const Conv2d& op) {
    const FusedGroup& group = *job.group;
    const Node& main = node(group.main);
    ConvSpec spec{.op = op, .x = values_[job.reads[0]], .y = values_[job.write]};
    spec.weight = load(main.parameters[0]);
    if (std::holds_alternative<Linear>(main.op)) {
      const Dims dims{op.out_channels, graph_.node(main.inputs[0]).shape.channels, op.kernel.height,
                      op.kernel.width};
      spec.weight = Tensor(dims, spec.weight.values());
    }
    if (op.bias) spec.bias = load(main.parameters[1]);
    if (group.pre_norm) spec.norm_before = load_norm(*group.pre_norm);
    if (group.norm) spec.norm = load_norm(*group.norm);
    if (job.residual) spec.residual = values_[*job.residual];
    spec.relu = group.relu;
    if (!can_tile(op)) return std::make_unique<GenericConvStep>(std::move(spec));
    const ConvWalk walk = forward_walk(op, spec.y.layout);
    return std::make_unique<TiledConvStep>(kernels_, walk, std::move(spec), threads_);
  }

  std::unique_ptr<Step> make_conv_grad(const Job& job, const Conv2d& op) {
    const Node& main = node(job.group->main);
    ConvSpec spec{.op = op, .x = values_[job.reads[0]], .y = values_[job.write]};
    const Dims dims{op.out_channels, main.shape.channels / op.groups, op.kernel.height,
                    op.kernel.width};
    spec.weight = Tensor(dims, load(main.parameters[0]).values());
    const FusedGroup& group = *job.group;
    if (job.residual) spec.residual = values_[*job.residual];
    if (job.mask) spec.mask = values_[*job.mask];
    if (group.mask_norm) spec.mask_norm = load_norm(*group.mask_norm);
    if (group.norm) spec.norm = load_norm_grad(*group.norm);
    spec.residual_first = group.residual_first;
    if (!can_tile_grad(op)) return std::make_unique<GenericConvGradStep>(std::move(spec));
    return std::make_unique<ConvGradStep>(kernels_, spec, threads_);
  }

  // Nothing to do where every part was written in place.
  std::unique_ptr<Step> make_concat(const Job& job) {
    const Value& whole = values_[job.write];
    Copies copies;
    std::int64_t block = whole.first_block;
    for (const ValueId read : job.reads) {
      const Value& part = values_[read];
      if (part.buffer != whole.buffer || part.first_block != block) {
        Value place = part;
        place.buffer = whole.buffer;
        place.first_block = block;
        copies.emplace_back(part, std::move(place));
      }
      block += part.layout.blocks();
    }
    if (copies.empty()) return nullptr;
    return std::make_unique<CopyStep>(std::move(copies));
  }

  Tensor load(ParameterId id) const { return source_.load(graph_.parameters()[id]); }

  Affine<float> load_norm(NodeId id) const {
    const Node& norm = node(id);
    return fold_batch_norm<float>(load(norm.parameters[0]), load(norm.parameters[1]),
                                  load(norm.parameters[2]), load(norm.parameters[3]),
                                  std::get<BatchNorm>(norm.op).epsilon, norm.name);
  }

  // A batch norm's gradient is fma(g, scale, +0): the product, rounded once.
  Affine<float> load_norm_grad(NodeId id) const {
    const Node& grad = node(id);
    Affine<float> affine = fold_batch_norm<float>(
        load(grad.parameters[0]), load(grad.parameters[1]), load(grad.parameters[2]),
        load(grad.parameters[3]), std::get<BatchNormGrad>(grad.op).epsilon, grad.name);
    std::fill(affine.shift.begin(), affine.shift.end(), 0.0F);
    return affine;
  }

  const Graph& graph_;
  const ParameterSource& source_;
  const KernelTable& kernels_;
  const std::vector<NodeId>& outputs_;
  int threads_;
  std::vector<FusedGroup> groups_;
  std::vector<ValueId> value_of_;  // by node
  ValueId blocked_input_;          // the image in blocks, once it is needed
  std::vector<Value> values_;
  // Of which value each is a part, and from which of its blocks on; most are a whole: (itself, 0).
  struct Root {
    ValueId value;
    std::int64_t block;
  };
  std::vector<Root> root_;  // by value
  std::vector<Job> jobs_;
  std::vector<std::size_t> last_read_;  // by value: a job
  std::size_t concat_buffers_ = 0;      // the first buffers hold concatenations
  std::size_t cut_job_ = 0;             // the first job that runs on the whole batch
  Plan plan_;
};

}  // namespace

Plan make_plan(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
               const std::vector<NodeId>& outputs, bool fuse, int threads) {
  return Planner(graph, source, kernels, outputs, fuse, threads).run();
}

}  // namespace apatite::exact
