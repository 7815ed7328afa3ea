// Maximum over sliding windows.
#pragma once

#include <string>

#include "engine/graph.h"
#include "layers/window.h"

namespace apatite {

// y[c][oh][ow] = the maximum of x[c][oh*stride.height + kh*dilation.height - padding.top]
//                                  [ow*stride.width  + kw*dilation.width  - padding.left]
// over the taps (kh, kw) that lie inside the image; exact; a NaN wins. The first maximum in
// row-major order is the one that a gradient goes to.
// x: C x H x W. y: C x OH x OW by count_windows (layers/window.h).
// Source: Ranzato et al. 2007; overlapping windows: Krizhevsky et al. 2012, section 3.4.
//
// Throws Error (kUsage, `name`) if no window fits or a window would hold no pixel.
NodeId max_pool2d(GraphBuilder& graph, std::string name, NodeId x, const MaxPool2d& op,
                  Rounding rounding = Rounding::kFloor);

}  // namespace apatite
