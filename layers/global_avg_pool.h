// Mean over the whole image.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite {

// y[c] = (sum over h, w of x[c][h][w]) / (H * W). x: C x H x W. y: C x 1 x 1.
// Order: from +0, h ascending, then w, one addition each; then one division.
// Source: Lin, Chen, Yan 2014, section 3.2.
NodeId global_avg_pool(GraphBuilder& graph, std::string name, NodeId x);

// Its gradient: gx[c][h][w] = g[c] / (H * W), one rounding. `node` is the pool in `graph`, g the
// gradient with respect to y.
NodeId global_avg_pool_grad(GraphBuilder& graph, std::string name, NodeId node, NodeId g);

}  // namespace apatite
