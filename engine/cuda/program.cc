#include "engine/cuda/program.h"

#include <limits>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::engine::cuda {
namespace {

Dense shape_of(const Value& value, const RunMemory& memory) {
  return {value.layout.blocks(), memory.batch, value.layout.height, value.layout.width};
}

}  // namespace

Program::Program(const Graph& graph, const ParameterSource& source,
                 const std::vector<NodeId>& outputs, bool fuse)
    : schedule_(make_schedule(graph, outputs, schedule_rules(fuse))),
      memory_(plan_memory(graph, schedule_, BatchOrder::kWholeBatch)) {
  const FpEnvironment environment;
  for (const ScheduledOp& scheduled : schedule_.ops) add(graph, source, scheduled);
}

void Program::add(const Graph& graph, const ParameterSource& source, const ScheduledOp& scheduled) {
  switch (scheduled.kind) {
    case ScheduledOp::Kind::kGroup:
      return add_group(graph, source, scheduled);
    case ScheduledOp::Kind::kOutput: {
      const Value& x = schedule_.values[scheduled.reads[0]];
      steps_.emplace_back([this, x, output = scheduled.output](const RunMemory& m) -> Launch {
        return WriteOutput{at(x, m), m.outputs[output], shape_of(x, m)};
      });
      return;
    }
    case ScheduledOp::Kind::kCopy:  // all values lie alike
      throw Error(ErrorKind::kInternal, "program", "copies a value to another layout");
  }
}

void Program::add_group(const Graph& graph, const ParameterSource& source,
                        const ScheduledOp& scheduled) {
  const auto add_convolution = [&] {
    for (ConvPlan& plan : plan_convolution(graph, source, schedule_, scheduled, parameters_)) {
      steps_.emplace_back(
          [this, plan = std::move(plan)](const RunMemory& m) -> Launch { return locate(plan, m); });
    }
  };
  const Node& main = graph.node(scheduled.group->main);
  std::optional<AffineOffsets> norm;
  if (batch_norm_epsilon(main.op)) {
    norm = parameters_.add(load_affine<float>(graph, main, source));
  }
  std::visit(Overloaded{
                 [&](const Conv2d&) { add_convolution(); },
                 [&](const Conv2dInputGrad&) { add_convolution(); },
                 [&](const Linear&) { add_convolution(); },
                 [&](const LinearInputGrad&) { add_convolution(); },
                 [&](const Concat&) { add_concat(scheduled); },
                 [](const Slice&) {},  // a part of what it is cut from
                 [&](const auto& op) {
                   steps_.emplace_back([this, op, norm, &scheduled](const RunMemory& m) -> Launch {
                     return launch_of(op, site_of(scheduled, norm, m));
                   });
                 },
             },
             main.op);
}

// Nothing to do for the parts that were written in place.
void Program::add_concat(const ScheduledOp& scheduled) {
  const Value& whole = schedule_.values[scheduled.write];
  std::int64_t block = whole.first_block;
  for (const ValueId read : scheduled.reads) {
    const Value& part = schedule_.values[read];
    Value place = part;
    place.buffer = whole.buffer;
    place.first_block = block;
    if (part.buffer != place.buffer || part.first_block != place.first_block) {
      steps_.emplace_back([this, part, place](const RunMemory& m) -> Launch {
        return CopyValue{at(part, m), at(place, m), shape_of(part, m).count()};
      });
    }
    block += part.layout.blocks();
  }
}

LaunchSite Program::site_of(const ScheduledOp& scheduled, const std::optional<AffineOffsets>& norm,
                            const RunMemory& m) const {
  const Value& y = schedule_.values[scheduled.write];
  LaunchSite site{};
  for (std::size_t i = 0; i < scheduled.reads.size(); ++i) {
    const Value& x = schedule_.values[scheduled.reads[i]];
    site.x[i] = at(x, m);
    site.x_shape[i] = shape_of(x, m);
  }
  site.y = at(y, m);
  site.y_shape = shape_of(y, m);
  if (norm) {
    site.scale = m.parameters + norm->scale;
    site.shift = m.parameters + norm->shift;
  }
  site.activation = scheduled.group->activation;
  site.images = m.input;
  site.targets = m.targets;
  site.status = m.status;
  return site;
}

ConvArgs Program::locate(const ConvPlan& plan, const RunMemory& m) const {
  ConvArgs args = plan.args;
  const auto scale = [&](const std::optional<AffineOffsets>& norm) {
    return norm ? m.parameters + norm->scale : nullptr;
  };
  const auto shift = [&](const std::optional<AffineOffsets>& norm) {
    return norm ? m.parameters + norm->shift : nullptr;
  };
  args.images = static_cast<std::int32_t>(m.batch);
  args.x = at(plan.x, m);
  args.y = at(plan.y, m);
  args.weights = m.parameters + plan.weights;
  args.taps = m.taps + plan.taps;
  args.norm_scale = scale(plan.prologue);
  args.norm_shift = shift(plan.prologue);
  args.status = m.status;
  args.finish.bias = plan.bias ? m.parameters + *plan.bias : nullptr;
  args.finish.scale = scale(plan.norm);
  args.finish.shift = shift(plan.norm);
  args.finish.residual = plan.residual ? at(*plan.residual, m) : nullptr;
  args.finish.relu_mask = plan.relu_mask ? at(*plan.relu_mask, m) : nullptr;
  args.finish.relu_mask_scale = scale(plan.relu_mask_norm);
  args.finish.relu_mask_shift = shift(plan.relu_mask_norm);
  return args;
}

void Program::release_parameters() { parameters_ = {}; }

float* Program::at(const Value& value, const RunMemory& memory) const {
  return memory.arena +
         (memory_.buffers[value.buffer].offset + value.first_block * value.layout.pixels()) *
             memory.batch;
}

std::vector<Launch> Program::launches(const RunMemory& memory) const {
  for (const Value& value : schedule_.values) {
    if (value.layout.pixels() * memory.batch <= std::numeric_limits<std::int32_t>::max()) continue;
    throw Error(ErrorKind::kUsage, "batch", to_text(memory.batch) + " images are too many",
                "a GPU takes 2^31 - 1 pixels at once");
  }
  std::vector<Launch> launches;
  for (const MakeLaunch& step : steps_) launches.push_back(step(memory));
  return launches;
}

}  // namespace apatite::engine::cuda
