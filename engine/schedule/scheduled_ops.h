// From a graph to scheduled operations: what is fused, which values there are, how each lies and
// who makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/schedule/conv_walk.h"
#include "engine/schedule/fusion.h"
#include "engine/schedule/layout.h"

namespace apatite::engine {

using ValueId = std::size_t;
constexpr std::size_t kUnplaced = static_cast<std::size_t>(-1);

// One step of a compiled network: a group of nodes, a copy to another layout, or an output.
struct ScheduledOp {
  enum class Kind { kGroup, kCopy, kOutput } kind = Kind::kGroup;
  const FusedGroup* group = nullptr;  // kGroup
  std::vector<ValueId> reads;
  std::optional<ValueId> residual;
  std::optional<ValueId> relu_mask;
  ValueId write = 0;       // kOutput: none
  std::size_t output = 0;  // kOutput: its number
};

// Every value that a scheduled operation reads.
std::vector<ValueId> all_reads(const ScheduledOp& scheduled);

struct Schedule {
  // A value is a part of `value`, from its block number `block` on; most are a whole: (itself, 0).
  struct Root {
    ValueId value;
    std::int64_t block;
  };

  std::vector<FusedGroup> groups;
  std::vector<ScheduledOp> ops;  // in their order
  std::vector<Value> values;     // without places yet
  std::vector<Root> roots;       // by value
};

// What a backend's kernels can read and fuse.
struct ScheduleRules {
  std::int64_t lanes = 1;  // channels of a block
  FusionRules fusion;
  // The columns of +0 that the kernel of a convolution or linear layer (or of the gradient of one)
  // reads beside an image of this width. Empty: none ever.
  std::function<ColumnPadding(const Node& node, std::int64_t in_width)> columns{};
};

Schedule make_schedule(const Graph& graph, const std::vector<NodeId>& outputs,
                       const ScheduleRules& rules);

// A convolution's or linear layer's attributes; a linear layer is a convolution whose kernel is the
// whole image.
std::optional<Conv2d> as_convolution(const Graph& graph, const Node& node);

// The convolution whose input gradient a node computes: of a convolution or of a linear layer.
std::optional<Conv2d> as_convolution_grad(const Graph& graph, const Node& node);

}  // namespace apatite::engine
