// The rectified linear unit.
#pragma once

#include <string>

#include "engine/graph.h"

namespace apatite {

// y = x < 0 ? 0 : x, exact; a NaN stays one. x and y: C x H x W.
// Source: Nair, Hinton 2010.
NodeId relu(GraphBuilder& graph, std::string name, NodeId x);

}  // namespace apatite
