// Maximum over sliding windows.
#pragma once

#include <string>

#include "engine/graph/graph.h"
#include "layers/window.h"

namespace apatite::layers {

// y[c][oh][ow] = the maximum of x[c][oh*stride.height + kh*dilation.height - padding.top]
//                                  [ow*stride.width  + kw*dilation.width  - padding.left]
// over the taps (kh, kw) that lie inside the image; exact; a NaN wins. The first maximum in
// row-major order is the one that a gradient goes to.
// x: C x H x W. y: C x OH x OW by count_windows (layers/window.h).
// Source: Ranzato et al. 2007; overlapping windows: Krizhevsky et al. 2012, section 3.4.
//
// Throws Error (kUsage, `name`) if no window fits or a window would hold no pixel.
engine::NodeId max_pool2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::MaxPool2d& op, Rounding rounding = Rounding::kFloor);

// Its gradient: each g[c][oh][ow] goes to the first maximum of its window (kh ascending, then kw).
// A pixel that is the maximum of several windows gets their sum, from +0, in ascending order of
// (oh, ow). `node` is the pool in `graph`, g the gradient with respect to y.
engine::NodeId max_pool2d_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g);

}  // namespace apatite::layers
