// Which nodes run together: groups of nodes that a backend can compute in one pass over memory.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/graph/activation.h"
#include "engine/graph/graph.h"

namespace apatite::engine {

// One pass: [prologue -> its activation ->] main [-> norm] [-> + residual] [-> activation]. The
// steps in brackets are there if their member is set. Only a convolution has a prologue, a norm or
// a residual; a main operation that is a batch norm or a sum can have an activation after it.
//
// The gradient of a convolution that is the main operation is followed by [+ residual] [the
// gradient of a ReLU] [that of a batch norm] [+ residual], with one residual at most.
struct FusedGroup {
  NodeId main = 0;
  std::optional<NodeId> prologue;  // a batch norm; prologue_activation follows it
  Activation prologue_activation = Activation::kIdentity;
  std::optional<NodeId> norm;      // a batch norm
  std::optional<NodeId> residual;  // the other operand of the addition
  Activation activation = Activation::kIdentity;
  bool residual_first = false;      // ahead of the ReLU mask
  std::optional<NodeId> relu_mask;  // the gradient of a ReLU: 0 where this value is not above 0
  std::optional<NodeId> relu_mask_norm;  // a batch norm to be computed on the ReLU mask first
  std::vector<NodeId> inputs;            // what the group reads, the residual excluded
  NodeId result = 0;                     // the node whose value it makes
};

struct FusionRules {
  bool enabled = true;
  // Whether the backend can compute a batch norm and this activation ahead of this convolution.
  std::function<bool(const Node&, Activation)> takes_prologue;
  // Whether it can let anything follow this convolution or gradient of one in the same pass.
  std::function<bool(const Node&)> takes_epilogue;
};

// The groups that compute `outputs`, in an order in which each group's inputs come first. Nodes
// that no output needs are left out. A node whose value is an output, or is read outside its group,
// is always the result of a group.
std::vector<FusedGroup> fuse(const Graph& graph, const std::vector<NodeId>& outputs,
                             const FusionRules& rules);

}  // namespace apatite::engine
