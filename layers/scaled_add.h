// The sum of a value and a scaled branch.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y = fma(branch, op.scale, x) + 0, one rounding per value. x, branch and y: C x H x W. The scale
// is a binary32 number. Source: Szegedy et al. 2017, "Inception-v4, Inception-ResNet and the impact
// of residual connections on learning", section 3.3 (scales between 0.1 and 0.3).
//
// Throws Error (kUsage, `name`) if the shapes differ or the scale is not finite.
engine::NodeId scaled_add(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          engine::NodeId branch, const engine::ScaledAdd& op);

// Its gradient with respect to x is g: no operation. With respect to the branch: g * scale, one
// rounding, then + 0. `node` is the sum in `graph`, g the gradient with respect to y.
engine::NodeId scaled_add_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g);

}  // namespace apatite::layers
