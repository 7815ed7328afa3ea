// Channels side by side.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y = the channels of inputs[0], then those of inputs[1], ...; exact.
// Inputs: C_i x H x W. y: (sum of C_i) x H x W.
// Source: Huang et al. 2017, equation 2.
//
// Throws Error (kUsage, `name`) if there is no input or heights or widths differ.
engine::NodeId concat(engine::GraphBuilder& graph, std::string name,
                      std::vector<engine::NodeId> inputs);

// Its gradient with respect to inputs[operand]: the channels of g where that input lies in y;
// exact. `node` is the concatenation in `graph`, g the gradient with respect to y.
engine::NodeId concat_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                           std::size_t operand, engine::NodeId g);

}  // namespace apatite::layers
