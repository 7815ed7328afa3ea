// What a step is made from.
#pragma once

#include "engine/exact/kernels.h"
#include "engine/graph/batch_norm.h"
#include "engine/graph/graph.h"
#include "engine/schedule/scheduled_ops.h"

namespace apatite::engine::exact {

// A scheduled operation with where its values lie, the kernels, and the source of its weights. Each
// operation has a function make_step(op, spec) in the file of its kind (convolution, pooling,
// elementwise, rearrange, score), which returns its step, or null where there is nothing to do.
// plan.cc does not compile if one is missing.
struct StepSpec {
  const Graph& graph;
  const ParameterSource& source;
  const KernelTable& kernels;
  const Schedule& schedule;
  int threads;  // that may pack weights
  const ScheduledOp& scheduled;

  [[nodiscard]] const FusedGroup& group() const { return *scheduled.group; }
  [[nodiscard]] const Node& main() const { return graph.node(group().main); }
  // The value that the operation reads as input `i`, and the one that it writes.
  [[nodiscard]] const Value& x(std::size_t i) const { return value(scheduled.reads[i]); }
  [[nodiscard]] const Value& y() const { return value(scheduled.write); }
  [[nodiscard]] const Value& value(ValueId id) const { return schedule.values[id]; }
  // The main operation's parameter number `i`.
  [[nodiscard]] Tensor load(std::size_t i) const {
    return source.load(graph.parameters()[main().parameters[i]]);
  }
  [[nodiscard]] Affine<float> load_norm(NodeId norm) const {
    return load_affine<float>(graph, graph.node(norm), source);
  }
};

}  // namespace apatite::engine::exact
