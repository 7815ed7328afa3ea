// Computes a map from the values of a layer and the gradient of a score with respect to them.
//
// A is the layer's output for one image, C x H x W; g the gradient of the score S with respect to
// it, of the same shape; n = H * W. All arithmetic is binary64: every operation is rounded once,
// and fused multiply-add is not used. Each sum starts at +0 and runs in the order of its indices (k
// the channel, then i the row, then j the column), and +0 is added to every result. So equal bits
// of A and g give equal bits of the map.
#pragma once

#include "engine/graph/shape.h"
#include "gradcam/map/saliency_map.h"

namespace apatite::gradcam {

// The values of one image at a layer and the gradient there; each has shape.size() numbers.
struct LayerValues {
  std::span<const double> values;
  std::span<const double> gradient;
  engine::Shape shape;
};

// M = sum_k w_k A_k,  w_k = (sum_ij g_kij) / n.
// R. Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
// localization", ICCV 2017, equations 1 and 2 (without its final ReLU: positive_part does that).
SaliencyMap grad_cam(const LayerValues& layer);

// M = sum_k w_k A_k,  w_k = sum_ij a_kij * max(g_kij, 0),
// a_kij = g^2 / (2 g^2 + s_k g^3),  s_k = sum_ij A_kij,
// where a is 0 if g or the divisor is 0. A. Chattopadhay et al., "Grad-CAM++: generalized
// gradient-based visual explanations for deep convolutional networks", WACV 2018, equations 5, 10
// and 19, with the derivatives of exp(S) and without its common factor exp(S), which scales the
// map.
SaliencyMap grad_cam_plus_plus(const LayerValues& layer);

// M_ij = sum_k g_kij A_kij. R. Draelos, L. Carin, "Use HiResCAM instead of Grad-CAM for faithful
// explanations of convolutional neural networks", 2020 (arXiv 2011.08891), equation 4.
SaliencyMap hires_cam(const LayerValues& layer);

// M_ij = sum_k max(g_kij, 0) A_kij. P.-T. Jiang et al., "LayerCAM: exploring hierarchical class
// activation maps for localization", IEEE Trans. Image Processing 30, 2021, equations 5 and 6.
SaliencyMap layer_cam(const LayerValues& layer);

// M = sum_k w_k A_k for weights that are given: CAM and Score-CAM.
SaliencyMap weighted_sum(std::span<const double> values, std::span<const double> weights,
                         const engine::Shape& shape);

}  // namespace apatite::gradcam
