// Batch normalisation as two numbers per channel (docs/arithmetic.md, "batch normalisation").
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/graph/tensor.h"

namespace apatite::engine {

// y = fma(x, scale, shift), per channel.
template <class T>
struct Affine {
  std::vector<T> scale;
  std::vector<T> shift;
};

// scale = gamma / sqrt(variance + epsilon) and shift = beta - mean * scale in binary64 (division,
// square root, product and difference each rounded once, no fma), then each rounded once to T; -0
// becomes +0. Throws Error (kNumeric, `name`) if a variance + epsilon is not positive or a result
// is not finite.
template <class T>
Affine<T> fold_batch_norm(const Tensor& gamma, const Tensor& beta, const Tensor& mean,
                          const Tensor& variance, double epsilon, const std::string& name);

// The same in binary32 for a node: of a BatchNorm, or of the gradient of one, whose shift is +0:
// the product g * scale, rounded once.
Affine<float> load_affine(const Graph& graph, const Node& norm, const ParameterSource& source);

}  // namespace apatite::engine
