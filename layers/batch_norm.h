// Batch normalisation with the statistics of training.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y[c] = gamma[c] * (x[c] - mean[c]) / sqrt(variance[c] + epsilon) + beta[c], computed as
// y = fma(x, scale, shift): one rounding per value; the two numbers per channel are made once, in
// binary64 (engine/graph/batch_norm.h). They are never folded into another layer's weights.
// x and y: C x H x W.
// Source: Ioffe, Szegedy 2015, algorithm 2.
//
// Declares `name`.weight (gamma), `name`.bias (beta), `name`.running_mean, `name`.running_var, each
// {C}. Throws Error (kUsage, `name`) if epsilon is negative or not finite.
engine::NodeId batch_norm(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::BatchNorm& op = {});

// Its gradient (the statistics are constants): gx[c] = g[c] * scale[c], one rounding. `node` is the
// batch norm in `graph`, g the gradient with respect to y.
engine::NodeId batch_norm_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g);

}  // namespace apatite::layers
