// Which nodes run together: groups of nodes that a backend can compute in one pass over memory.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite::engine {

// One pass: [prologue -> ReLU ->] main [-> norm] [-> + residual] [-> ReLU]. The steps in brackets
// are there if their member is set. Only a convolution has a prologue, a norm or a residual; a
// batch norm or an addition that is the main node can have a ReLU after it.
//
// The gradient of a convolution that is the main node is followed by [+ residual] [the gradient of
// a ReLU] [that of a batch norm] [+ residual], with one residual at most.
struct FusedGroup {
  NodeId main = 0;
  std::optional<NodeId> prologue;  // batch norm; a ReLU follows it
  std::optional<NodeId> norm;      // batch norm
  std::optional<NodeId> residual;  // the other operand of the addition
  bool relu = false;
  bool residual_first = false;      // ahead of the ReLU mask
  std::optional<NodeId> relu_mask;  // the gradient of a ReLU: 0 where this value is not above 0
  std::optional<NodeId> relu_mask_norm;  // a batch norm to be computed on the ReLU mask first
  std::vector<NodeId> inputs;            // what the group reads, the residual excluded
  NodeId result = 0;                     // the node whose value it makes
};

struct FusionRules {
  bool enabled = true;
  // Whether the backend can put batch norm + ReLU ahead of this convolution, and whether it can let
  // anything follow this convolution or gradient of one in the same pass.
  std::function<bool(const Node&)> takes_prologue;
  std::function<bool(const Node&)> takes_epilogue;
};

// The groups that compute `outputs`, in an order in which each group's inputs come first. Nodes
// that no output needs are left out. A node whose value is an output, or is read outside its group,
// is always the result of a group.
std::vector<FusedGroup> fuse(const Graph& graph, const std::vector<NodeId>& outputs,
                             const FusionRules& rules);

}  // namespace apatite::engine
