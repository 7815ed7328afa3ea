// The fully connected layer.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite {

// y[o] = bias[o] + sum over i of x[i] * weight[o][i]. x: C x H x W, read as a vector of C*H*W in
// that order. y: out_features x 1 x 1.
// Order: from +0, i ascending, one fma each; then the bias is added, one rounding.
//
// Declares `name`.weight {out_features, C*H*W} and, with op.bias, `name`.bias. Throws Error
// (kUsage, `name`) if there is no output feature.
NodeId linear(GraphBuilder& graph, std::string name, NodeId x, const Linear& op);

// Its gradient with respect to x: gx[i] = sum over o of g[o] * weight[o][i]. Order: from +0, o
// ascending, one fma each. `node` is the layer in `graph`, g the gradient with respect to y.
NodeId linear_input_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g);

}  // namespace apatite
