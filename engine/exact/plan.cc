#include "engine/exact/plan.h"

#include <utility>

#include "engine/exact/convolution.h"
#include "engine/exact/elementwise.h"
#include "engine/exact/pooling.h"
#include "engine/exact/rearrange.h"
#include "engine/exact/score.h"
#include "engine/exact/step_spec.h"

namespace apatite::engine::exact {
namespace {

// Null where there is nothing to do.
std::unique_ptr<Step> step_of(const StepSpec& spec) {
  switch (spec.scheduled.kind) {
    case ScheduledOp::Kind::kOutput:
      return make_output_step(spec);
    case ScheduledOp::Kind::kCopy:
      return make_copy_step(spec);
    case ScheduledOp::Kind::kGroup:
      break;
  }
  return std::visit([&](const auto& op) { return make_step(op, spec); }, spec.main().op);
}

}  // namespace

Plan make_plan(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
               const std::vector<NodeId>& outputs, bool fuse, int threads) {
  Schedule schedule = make_schedule(graph, outputs, schedule_rules(graph, kernels.lanes, fuse));
  Plan plan{.memory = plan_memory(graph, schedule, BatchOrder::kImagesFirst)};
  for (std::size_t i = 0; i < schedule.ops.size(); ++i) {
    if (i == plan.memory.batch_boundary) plan.batch_boundary = plan.steps.size();
    const StepSpec spec{graph, source, kernels, schedule, threads, schedule.ops[i]};
    if (auto step = step_of(spec)) plan.steps.push_back(std::move(step));
  }
  if (plan.memory.batch_boundary == schedule.ops.size()) plan.batch_boundary = plan.steps.size();
  return plan;
}

}  // namespace apatite::engine::exact
