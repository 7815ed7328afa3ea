// Mean over the whole image.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y[c] = (sum over h, w of x[c][h][w]) / (H * W). x: C x H x W. y: C x 1 x 1.
// Order: from +0, h ascending, then w, one addition each; then one division.
// Source: Lin, Chen, Yan 2014, section 3.2.
engine::NodeId global_avg_pool(engine::GraphBuilder& graph, std::string name, engine::NodeId x);

// Its gradient: gx[c][h][w] = g[c] / (H * W), one rounding. `node` is the pool in `graph`, g the
// gradient with respect to y.
engine::NodeId global_avg_pool_grad(engine::GraphBuilder& graph, std::string name,
                                    engine::NodeId node, engine::NodeId g);

}  // namespace apatite::layers
