// The rectified linear unit.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y = x < 0 ? 0 : x, exact; a NaN stays one. x and y: C x H x W.
// Source: Nair, Hinton 2010.
engine::NodeId relu(engine::GraphBuilder& graph, std::string name, engine::NodeId x);

// Its gradient: gx = y > 0 ? g : 0, exact (0 at x = 0, as in torch). `node` is the ReLU in `graph`,
// g the gradient with respect to y.
engine::NodeId relu_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                         engine::NodeId g);

}  // namespace apatite::layers
