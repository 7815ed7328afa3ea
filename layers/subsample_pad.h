// The parameter-free shortcut of CIFAR ResNets.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y[channels_before + c][oh][ow] = x[c][oh*stride][ow*stride]; the channels before and after those
// are +0. Exact. x: C x H x W.
// y: (channels_before + C + channels_after) x ceil(H / stride) x ceil(W / stride).
// Source: He et al. 2016, section 4.2, option A.
//
// Throws Error (kUsage, `name`) if the stride is not positive or a channel count negative.
engine::NodeId subsample_pad(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                             const engine::SubsamplePad& op);

// Its gradient: gx[c][oh*stride][ow*stride] = g[channels_before + c][oh][ow], +0 elsewhere; exact.
// `node` is the shortcut in `graph`, g the gradient with respect to y.
engine::NodeId subsample_pad_grad(engine::GraphBuilder& graph, std::string name,
                                  engine::NodeId node, engine::NodeId g);

}  // namespace apatite::layers
