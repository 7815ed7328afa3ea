// The backward pass as part of the graph: gradients are ordinary nodes.
#pragma once

#include <span>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite::layers {

struct Differentiated {
  // The forward nodes with their ids, then one ScoreGrad and the backward nodes; the output is
  // still that of the logits. Run it with CompileOptions::outputs = what is wanted, e.g. {logits,
  // layer, its gradient}, and Executable::run(input, targets).
  engine::Graph graph;
  // gradients[i]: the node that holds the gradient of the score with respect to the value of
  // wrt[i]; the same shape. Two values may share one (the operands of an addition).
  std::vector<engine::NodeId> gradients;
};

// Adds to `graph` what computes the gradients, of the score with respect to the nodes `wrt` (the
// input, id 0, is one like any other). The score is the logit of a class that is chosen per image
// when the graph runs (engine/graph/score.h). Only what lies between those nodes and the logits is
// added.
//
// Reverse accumulation: from the logits back, each layer's rule (beside its definition in layers/)
// once per operand. Where several nodes read a value, their gradients are added in the order of
// those nodes ((g1 + g2) + g3), a node that reads it twice counting twice.
//
// The gradient with respect to node NAME is called "NAME:gradient"; if it is a sum, the summands
// are "NAME:gradient:READER" and the sums before the last "NAME:gradient:+READER".
//
// Throws Error (kUsage): a node of `wrt` that does not exist or does not influence the logits; a
// graph whose output is not a vector of logits; one that holds gradients already.
Differentiated differentiate(const engine::Graph& graph, std::span<const engine::NodeId> wrt);

}  // namespace apatite::layers
