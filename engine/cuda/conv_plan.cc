#include "engine/cuda/conv_plan.h"

#include <limits>
#include <utility>

#include "engine/cuda/tiles.h"
#include "engine/schedule/conv_walk.h"

namespace apatite::engine::cuda {
namespace {

// Output channels go four to a load.
constexpr std::int64_t kOutStep = 4;

std::int64_t round_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

std::int32_t narrow_int(std::int64_t value) { return static_cast<std::int32_t>(value); }

bool one_tap_inside(const Conv2d& op) {
  return op.kernel == Extent{1, 1} && op.padding == Padding{};
}

enum class Pass { kForward, kBackward };

ConvArgs sizes_of(const Conv2d& op, const ConvWalk& walk, const Layout& x, const Layout& y) {
  ConvArgs args{};
  args.groups = narrow_int(op.groups);
  args.in_per_group = narrow_int(x.blocks() / op.groups);
  args.out_per_group = narrow_int(y.blocks() / op.groups);
  args.padded_out = narrow_int(round_up(args.out_per_group, kOutStep));
  args.depth = narrow_int(args.in_per_group * walk.rows.taps * walk.columns.taps);
  args.padded_depth = narrow_int(round_up(args.depth, kDepthStep));
  args.in_height = narrow_int(x.height);
  args.in_width = narrow_int(x.width);
  args.rows = narrow_int(walk.rows.count);
  args.columns = narrow_int(walk.columns.count);
  args.row_first = narrow_int(walk.rows.first);
  args.row_step = narrow_int(walk.rows.step);
  args.column_first = narrow_int(walk.columns.first);
  args.column_step = narrow_int(walk.columns.step);
  args.y_height = narrow_int(y.height);
  args.y_width = narrow_int(y.width);
  args.y_row_first = narrow_int(walk.rows.y_first);
  args.y_row_step = narrow_int(walk.rows.y_step);
  args.y_column_first = narrow_int(walk.columns.y_first);
  args.y_column_step = narrow_int(walk.columns.y_step);
  return args;
}

// Of weight {oc, ic of the group, kh, kw}: [group][depth][out], the chain's taps in their order.
std::vector<float> pack_weights(const Tensor& weight, const Conv2d& op, const ConvWalk& walk,
                                const ConvArgs& args, Pass pass) {
  const std::int64_t kernel = op.kernel.height * op.kernel.width;
  const std::int64_t ic_per_group = pass == Pass::kForward ? args.in_per_group : args.out_per_group;
  const std::int64_t oc_per_group = pass == Pass::kForward ? args.out_per_group : args.in_per_group;
  std::vector<float> packed(
      static_cast<std::size_t>(std::int64_t{args.groups} * args.padded_depth * args.padded_out));
  for (std::int64_t group = 0; group < args.groups; ++group) {
    float* to = packed.data() + group * args.padded_depth * args.padded_out;
    for (std::int64_t c = 0; c < args.in_per_group; ++c) {
      for (std::int64_t i = 0; i < walk.rows.taps; ++i) {
        const std::int64_t kh = walk.rows.kernel_first + i * walk.rows.kernel_step;
        for (std::int64_t j = 0; j < walk.columns.taps; ++j) {
          const std::int64_t kw = walk.columns.kernel_first + j * walk.columns.kernel_step;
          for (std::int64_t m = 0; m < args.out_per_group; ++m) {
            const std::int64_t oc = group * oc_per_group + (pass == Pass::kForward ? m : c);
            const std::int64_t ic = pass == Pass::kForward ? c : m;
            to[m] = weight.data()[(oc * ic_per_group + ic) * kernel + kh * op.kernel.width + kw];
          }
          to += args.padded_out;
        }
      }
    }
  }
  return packed;
}

// Adds the taps of a chain; returns where they start.
std::size_t add_taps(const ConvWalk& walk, const ConvArgs& args, std::vector<Tap>& taps) {
  const std::size_t first = taps.size();
  for (std::int32_t c = 0; c < args.in_per_group; ++c) {
    for (std::int64_t i = 0; i < walk.rows.taps; ++i) {
      for (std::int64_t j = 0; j < walk.columns.taps; ++j) {
        const std::int64_t row = i * walk.rows.tap_step;
        const std::int64_t column = j * walk.columns.tap_step;
        taps.push_back(
            {c, narrow_int(row), narrow_int(column), narrow_int(row * args.in_width + column)});
      }
    }
  }
  // What only fills a step up lies outside of every image.
  constexpr std::int32_t kOutside = std::numeric_limits<std::int32_t>::min() / 2;
  taps.resize(first + static_cast<std::size_t>(args.padded_depth), {0, kOutside, kOutside, 0});
  return first;
}

// What the launches of one scheduled operation are made from.
struct ConvSource {
  const Graph& graph;
  const ParameterSource& source;
  const Schedule& schedule;
  const ScheduledOp& scheduled;

  [[nodiscard]] const FusedGroup& group() const { return *scheduled.group; }
  [[nodiscard]] const Node& main() const { return graph.node(group().main); }
  [[nodiscard]] const Value& value(ValueId id) const { return schedule.values[id]; }
  [[nodiscard]] Tensor load(std::size_t i) const {
    return source.load(graph.parameters()[main().parameters[i]]);
  }
  [[nodiscard]] Affine<float> load_norm(NodeId norm) const {
    return load_affine<float>(graph, graph.node(norm), source);
  }
};

ConvPlan plan_walk(const ConvSource& from, const Conv2d& op, const ConvWalk& walk, Pass pass,
                   Parameters& parameters) {
  const FusedGroup& group = from.group();
  const ScheduledOp& scheduled = from.scheduled;
  ConvPlan plan{.args = {}, .x = from.value(scheduled.reads[0]), .y = from.value(scheduled.write)};
  plan.args = sizes_of(op, walk, plan.x.layout, plan.y.layout);
  plan.args.finish.activation = group.activation;
  plan.args.finish.residual_first = group.residual_first;
  plan.weights =
      parameters.add(std::span<const float>(pack_weights(from.load(0), op, walk, plan.args, pass)));
  plan.taps = add_taps(walk, plan.args, parameters.taps);
  if (pass == Pass::kForward && op.bias) {
    const Tensor bias = from.load(1);
    plan.bias = parameters.add(bias.values());
  }
  if (group.prologue) {
    plan.prologue = parameters.add(from.load_norm(*group.prologue), plan.args.padded_depth);
  }
  if (group.norm) plan.norm = parameters.add(from.load_norm(*group.norm));
  if (group.relu_mask_norm) {
    plan.relu_mask_norm = parameters.add(from.load_norm(*group.relu_mask_norm));
  }
  if (scheduled.residual) plan.residual = from.value(*scheduled.residual);
  if (scheduled.relu_mask) plan.relu_mask = from.value(*scheduled.relu_mask);
  return plan;
}

}  // namespace

std::vector<ConvPlan> plan_convolution(const Graph& graph, const ParameterSource& source,
                                       const Schedule& schedule, const ScheduledOp& scheduled,
                                       Parameters& parameters) {
  const ConvSource from{graph, source, schedule, scheduled};
  const Extent out = schedule.values[scheduled.write].layout.extent();
  std::vector<ConvPlan> plans;
  if (const auto conv = as_convolution(graph, from.main())) {
    plans.push_back(plan_walk(from, *conv, forward_walk(*conv, out), Pass::kForward, parameters));
  } else {
    const Conv2d op = as_convolution_grad(graph, from.main()).value();
    for (const ConvWalk& walk : gradient_walks(op, out)) {
      plans.push_back(plan_walk(from, op, walk, Pass::kBackward, parameters));
    }
  }
  return plans;
}

ScheduleRules schedule_rules(bool fused) {
  return {.lanes = 1,
          .fusion = {.enabled = fused,
                     // The tiles apply a ReLU on the way in, and no other activation.
                     .takes_prologue =
                         [](const Node& node, Activation activation) {
                           return activation == Activation::kRelu &&
                                  one_tap_inside(std::get<Conv2d>(node.op));
                         },
                     .takes_epilogue = [](const Node&) { return true; }}};
}

}  // namespace apatite::engine::cuda
