// The fully connected layer.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y[o] = bias[o] + sum over i of x[i] * weight[o][i]. x: C x H x W, read as a vector of C*H*W in
// that order. y: out_features x 1 x 1.
// Order: from +0, i ascending, one fma each; then the bias is added, one rounding.
//
// Declares `name`.weight {out_features, C*H*W} and, with op.bias, `name`.bias. Throws Error
// (kUsage, `name`) if there is no output feature.
engine::NodeId linear(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                      const engine::Linear& op);

// Its gradient with respect to x: gx[i] = sum over o of g[o] * weight[o][i]. Order: from +0, o
// ascending, one fma each. `node` is the layer in `graph`, g the gradient with respect to y.
engine::NodeId linear_input_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                                 engine::NodeId g);

}  // namespace apatite::layers
