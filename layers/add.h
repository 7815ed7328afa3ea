// The sum of two branches.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y = a + b, one rounding per value. a, b and y: C x H x W.
// Source: He et al. 2016, section 3.2 (identity shortcuts).
//
// Throws Error (kUsage, `name`) if the shapes differ.
engine::NodeId add(engine::GraphBuilder& graph, std::string name, engine::NodeId a,
                   engine::NodeId b);

// Its gradient with respect to either operand is the one with respect to y: no operation.

}  // namespace apatite::layers
