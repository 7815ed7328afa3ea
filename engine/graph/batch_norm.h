// Batch normalisation as two numbers per channel (docs/arithmetic.md, "batch normalisation").
#pragma once

#include <cstddef>
#include <optional>
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

// The epsilon of a batch norm or of the gradient of one; nothing of any other operation.
std::optional<double> batch_norm_epsilon(const Op& op);

// The numbers of a node that is a batch norm or the gradient of one: its parameters, loaded and
// folded. The shift of a gradient is +0: the product g * scale, rounded once. Throws what
// fold_batch_norm and `source` throw.
template <class T>
Affine<T> load_affine(const Graph& graph, const Node& norm, const ParameterSource& source);

}  // namespace apatite::engine
