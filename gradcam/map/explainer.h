// Makes maps of a network's decisions with the engine's own backward pass.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/graph/graph.h"
#include "engine/graph/score.h"
#include "engine/graph/tensor.h"
#include "gradcam/map/method.h"
#include "gradcam/map/saliency_map.h"

namespace apatite::gradcam {

// One map that the caller wants. `layer` is a node with spatial extent; for methods of the input it
// is the graph's input.
struct MapRequest {
  Method method = Method::kGradCam;
  engine::NodeId layer = 0;
  bool operator==(const MapRequest&) const = default;
};

// What was computed for one image.
struct Explanation {
  std::vector<double> logits;
  std::int64_t target = 0;        // the class whose score the maps explain
  double score = 0;               // engine/graph/score.h
  std::vector<SaliencyMap> maps;  // one per request; signed but for max_c |g_c|
};

// The layer whose map is usually wanted: the last node with spatial extent that every path to the
// logits passes through. It is the output of a ResNet's last block and the last ReLU of a DenseNet.
// Throws Error (kUsage) if there is none.
engine::NodeId default_layer(const engine::Graph& graph);

// Finds a node by name. Throws Error (kUsage) if there is no such node (the message has the nearest
// names), if it has no spatial extent (the message has the candidates), or if it does not influence
// the logits.
engine::NodeId find_layer(const engine::Graph& graph, std::string_view name);

// A network that is compiled for certain maps and one size of input. One forward pass and one
// backward pass, from the score down to the lowest layer that is asked for, give all maps of layers
// and the gradient. Integrated gradients, SmoothGrad and Score-CAM run the network many more times.
//
// Score-CAM (H. Wang et al., "Score-CAM: score-weighted visual explanations for convolutional
// neural networks", CVPR workshops 2020): M = sum_k w_k A_k, w = softmax(s), s_k the score of the
// image times H_k, H_k = A_k brought to the input's size by resample.h and scaled to [0, 1] by its
// own least and largest value (0 where it is flat). (Subtracting the score of an image without
// content, as its equation 2 does, leaves a softmax as it is.)
//
// Gradient (K. Simonyan et al. 2014, section 3): M = max_c |g_c|, or sum_c g_c with keep_sign.
// SmoothGrad (D. Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017): the same of
// the mean gradient over images x + e, e = noise * (max x - min x) *
// normal_number(random_stream(seed, sample), element), for the class of x itself. Integrated
// gradients (M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML
// 2017, equation 3): M = sum_c x_c * (sum_i g_c(a_i x)) / n, a_i = (2 i + 1) / (2 n), from the
// baseline 0: the midpoint rule.
//
// An image with noise, with a mask or on the path from 0 is computed in binary64 and rounded once
// to binary32, which is what networks take. All sums are binary64 in the order of samples and of
// channels.
class Explainer {
 public:
  // `parameters` must outlive it. Throws Error: kUsage for a request that cannot be met (see
  // find_layer) or a setting out of range; what Backend::compile throws.
  Explainer(engine::Graph graph, const engine::ParameterSource& parameters,
            const engine::Backend& backend, const engine::CompileOptions& options,
            std::vector<MapRequest> requests, const MethodSettings& settings = {});
  ~Explainer();
  Explainer(Explainer&&) noexcept;
  Explainer& operator=(Explainer&&) noexcept;

  [[nodiscard]] const engine::Graph& graph() const;
  [[nodiscard]] const std::vector<MapRequest>& requests() const;

  // One explanation per image of the batch (N x C x H x W). `targets`: one class per image, or
  // kPredicted for it (engine/graph/score.h); empty: the predicted one for all. The result for an
  // image does not depend on the others. Throws Error as Executable::run.
  std::vector<Explanation> explain(const engine::Tensor& images,
                                   std::span<const std::int64_t> targets = {});

  // The logits alone, per image.
  std::vector<std::vector<double>> logits(const engine::Tensor& images);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace apatite::gradcam
