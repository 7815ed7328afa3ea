// Mean over sliding windows.
#pragma once

#include <string>

#include "engine/graph/graph.h"
#include "layers/window.h"

namespace apatite::layers {

// y[c][oh][ow] = (sum of x[c][oh*stride.height + kh - padding.top]
//                           [ow*stride.width  + kw - padding.left]) / count
// over the taps (kh, kw) that lie inside the image. count: those taps or, with count_include_pad,
// the taps inside the padded image (what ceil rounding lets reach beyond it never counts).
// Order: from +0, kh ascending, then kw, one addition each; then one division.
// x: C x H x W. y: C x OH x OW by count_windows (layers/window.h).
// Source: LeCun et al. 1998 (sub-sampling); the counts follow torch.nn.AvgPool2d.
//
// Throws Error (kUsage, `name`) if no window fits or a window would hold no pixel.
engine::NodeId avg_pool2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          const engine::AvgPool2d& op, Rounding rounding = Rounding::kFloor);

// Its gradient: each g[c][oh][ow] / count (one rounding) goes to every tap of its window inside the
// image. A pixel of several windows gets their sum, from +0, in ascending order of (oh, ow).
// `node` is the pool in `graph`, g the gradient with respect to y.
engine::NodeId avg_pool2d_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g);

}  // namespace apatite::layers
