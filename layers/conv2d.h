// Convolution.
#pragma once

#include <string>

#include "engine/graph/graph.h"

namespace apatite::layers {

// y[oc][oh][ow] = bias[oc] + sum over ic, kh, kw of
//     x[ic][oh*stride.height + kh*dilation.height - padding.top]
//          [ow*stride.width  + kw*dilation.width  - padding.left] * weight[oc][ic][kh][kw]
// (a cross-correlation, as the field has it; pixels outside the image are zero).
// x: C x H x W. y: out_channels x OH x OW, OH = floor((H + top + bottom - reach) / stride) + 1 with
// reach = (kernel - 1) * dilation + 1.
// Order: from +0, ic ascending, then kh, then kw, one fma each; then the bias is added, one
// rounding. ic runs within the group: output channels [g*OC/G, (g+1)*OC/G) read input channels
// [g*C/G, (g+1)*C/G); the weight's second axis is C/G.
// Source: LeCun et al. 1998, section II; groups: Krizhevsky et al. 2012, section 3.5; dilation: Yu,
// Koltun 2016, section 2.
//
// Declares `name`.weight and, with op.bias, `name`.bias. Throws Error (kUsage, `name`) if a channel
// count or group does not fit or no window does.
engine::NodeId conv2d(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                      const engine::Conv2d& op);

// Its gradient with respect to x: every y[oc][oh][ow] above passes
// g[oc][oh][ow] * weight[oc][ic][kh][kw] to the x that it read there, so
// gx[ic][h][w] = sum over oc, kh, kw of
//     g[oc][(h + padding.top  - kh*dilation.height) / stride.height]
//          [(w + padding.left - kw*dilation.width)  / stride.width] * weight[oc][ic][kh][kw]
// over the taps whose divisions leave no remainder and which lie inside g. Order: from +0, oc
// ascending (within the group), then kh, then kw, one fma each.
// `node` is the convolution in `graph`, g the gradient with respect to y.
engine::NodeId conv2d_input_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                                 engine::NodeId g);

}  // namespace apatite::layers
