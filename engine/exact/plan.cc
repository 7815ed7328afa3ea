#include "engine/exact/plan.h"

#include <algorithm>
#include <utility>

#include "engine/exact/conv_step.h"
#include "engine/exact/generic_conv_step.h"
#include "engine/exact/gradient_steps.h"
#include "engine/exact/steps.h"
#include "engine/graph/batch_norm.h"
#include "engine/schedule/scheduled_ops.h"

namespace apatite::engine::exact {
namespace {

// The columns of +0 that a convolution's or gradient's tiles read beside the image.
ColumnPadding columns_of(const Graph& graph, const Node& node, std::int64_t in_width) {
  std::vector<ConvWalk> walks;
  const Extent out{node.shape.height, node.shape.width};
  // The generic steps go by strides.
  if (const auto conv = as_convolution(graph, node); conv && can_tile(*conv)) {
    walks.push_back(forward_walk(*conv, out));
  }
  if (const auto conv = as_convolution_grad(graph, node); conv && can_tile_grad(*conv)) {
    walks = gradient_walks(*conv, out);
  }
  ColumnPadding columns;
  for (const ConvWalk& walk : walks) {
    const ColumnPadding needed = needed_columns(walk, in_width);
    columns.left = std::max(columns.left, needed.left);
    columns.right = std::max(columns.right, needed.right);
  }
  return columns;
}

class StepMaker {
 public:
  StepMaker(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
            const Schedule& schedule, int threads)
      : graph_(graph), source_(source), kernels_(kernels), schedule_(schedule), threads_(threads) {}

  // Null where there is nothing to do.
  std::unique_ptr<Step> make_step(const ScheduledOp& scheduled) const {
    if (scheduled.kind == ScheduledOp::Kind::kOutput) {
      return std::make_unique<OutputStep>(schedule_.values[scheduled.reads[0]], scheduled.output);
    }
    if (scheduled.kind == ScheduledOp::Kind::kCopy) {
      return std::make_unique<CopyStep>(schedule_.values[scheduled.reads[0]],
                                        schedule_.values[scheduled.write]);
    }
    return make_group_step(scheduled);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  std::unique_ptr<Step> make_group_step(const ScheduledOp& scheduled) const {
    const FusedGroup& group = *scheduled.group;
    const Node& main = node(group.main);
    const Value& y = schedule_.values[scheduled.write];
    const auto x = [&](std::size_t i) -> const Value& {
      return schedule_.values[scheduled.reads[i]];
    };
    if (const auto conv = as_convolution(graph_, main)) return make_convolution(scheduled, *conv);
    if (const auto conv = as_convolution_grad(graph_, main))
      return make_conv_grad(scheduled, *conv);
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
            [&](const Concat&) -> std::unique_ptr<Step> { return make_concat(scheduled); },
            [&](const SubsamplePad& op) -> std::unique_ptr<Step> {
              return std::make_unique<SubsamplePadStep>(op, x(0), y);
            },
            [&](const ScoreGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<ScoreGradStep>(x(0), y);
            },
            [&](const BatchNormGrad&) -> std::unique_ptr<Step> {
              return std::make_unique<AffineStep>(kernels_, load_norm(group.main), false, x(0), y);
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

  std::unique_ptr<Step> make_convolution(const ScheduledOp& scheduled, const Conv2d& op) const {
    const FusedGroup& group = *scheduled.group;
    const Node& main = node(group.main);
    ConvSpec spec{.op = op,
                  .x = schedule_.values[scheduled.reads[0]],
                  .y = schedule_.values[scheduled.write]};
    spec.weight = load(main.parameters[0]);
    if (std::holds_alternative<Linear>(main.op)) {
      const Dims dims{op.out_channels, graph_.node(main.inputs[0]).shape.channels, op.kernel.height,
                      op.kernel.width};
      spec.weight = Tensor(dims, spec.weight.values());
    }
    if (op.bias) spec.bias = load(main.parameters[1]);
    if (group.prologue) spec.prologue = load_norm(*group.prologue);
    if (group.norm) spec.norm = load_norm(*group.norm);
    if (scheduled.residual) spec.residual = schedule_.values[*scheduled.residual];
    spec.relu = group.relu;
    if (!can_tile(op)) return std::make_unique<GenericConvStep>(std::move(spec));
    const ConvWalk walk = forward_walk(op, spec.y.layout.extent());
    return std::make_unique<TiledConvStep>(kernels_, walk, std::move(spec), threads_);
  }

  std::unique_ptr<Step> make_conv_grad(const ScheduledOp& scheduled, const Conv2d& op) const {
    const Node& main = node(scheduled.group->main);
    ConvSpec spec{.op = op,
                  .x = schedule_.values[scheduled.reads[0]],
                  .y = schedule_.values[scheduled.write]};
    const Dims dims{op.out_channels, main.shape.channels / op.groups, op.kernel.height,
                    op.kernel.width};
    spec.weight = Tensor(dims, load(main.parameters[0]).values());
    const FusedGroup& group = *scheduled.group;
    if (scheduled.residual) spec.residual = schedule_.values[*scheduled.residual];
    if (scheduled.relu_mask) spec.relu_mask = schedule_.values[*scheduled.relu_mask];
    if (group.relu_mask_norm) spec.relu_mask_norm = load_norm(*group.relu_mask_norm);
    if (group.norm) spec.norm = load_norm(*group.norm);
    spec.residual_first = group.residual_first;
    if (!can_tile_grad(op)) return std::make_unique<GenericConvGradStep>(std::move(spec));
    return make_conv_grad_step(kernels_, spec, threads_);
  }

  // Nothing to do where every part was written in place.
  std::unique_ptr<Step> make_concat(const ScheduledOp& scheduled) const {
    const Value& whole = schedule_.values[scheduled.write];
    std::vector<std::unique_ptr<Step>> copies;
    std::int64_t block = whole.first_block;
    for (const ValueId read : scheduled.reads) {
      const Value& part = schedule_.values[read];
      if (part.buffer != whole.buffer || part.first_block != block) {
        Value place = part;
        place.buffer = whole.buffer;
        place.first_block = block;
        copies.push_back(std::make_unique<CopyStep>(part, std::move(place)));
      }
      block += part.layout.blocks();
    }
    if (copies.empty()) return nullptr;
    return std::make_unique<StepList>(std::move(copies));
  }

  Tensor load(ParameterId id) const { return source_.load(graph_.parameters()[id]); }

  Affine<float> load_norm(NodeId id) const { return load_affine(graph_, node(id), source_); }

  const Graph& graph_;
  const ParameterSource& source_;
  const KernelTable& kernels_;
  const Schedule& schedule_;
  int threads_;
};

ScheduleRules schedule_rules(const Graph& graph, std::int64_t lanes, bool fused) {
  return {
      .lanes = lanes,
      .fusion = {.enabled = fused,
                 .takes_prologue =
                     [](const Node& node) { return can_take_prologue(std::get<Conv2d>(node.op)); },
                 .takes_epilogue =
                     [](const Node& node) {
                       const auto* grad = std::get_if<Conv2dInputGrad>(&node.op);
                       return grad != nullptr ? can_tile_grad(grad->forward)
                                              : can_tile(std::get<Conv2d>(node.op));
                     }},
      .columns = [&graph](const Node& node, std::int64_t in_width) {
        return columns_of(graph, node, in_width);
      }};
}

}  // namespace

Plan make_plan(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
               const std::vector<NodeId>& outputs, bool fuse, int threads) {
  Schedule schedule = make_schedule(graph, outputs, schedule_rules(graph, kernels.lanes, fuse));
  Plan plan{.memory = plan_memory(graph, schedule, BatchOrder::kImagesFirst)};
  const StepMaker maker(graph, source, kernels, schedule, threads);
  for (std::size_t i = 0; i < schedule.ops.size(); ++i) {
    if (i == plan.memory.batch_boundary) plan.batch_boundary = plan.steps.size();
    if (auto step = maker.make_step(schedule.ops[i])) plan.steps.push_back(std::move(step));
  }
  if (plan.memory.batch_boundary == schedule.ops.size()) plan.batch_boundary = plan.steps.size();
  return plan;
}

}  // namespace apatite::engine::exact
