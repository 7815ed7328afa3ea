#include "engine/graph/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace apatite::engine {

template <class T>
Affine<T> fold_batch_norm(const Tensor& gamma, const Tensor& beta, const Tensor& mean,
                          const Tensor& variance, double epsilon, const std::string& name) {
  const std::size_t channels = gamma.size();
  Affine<T> affine{std::vector<T>(channels), std::vector<T>(channels)};
  for (std::size_t c = 0; c < channels; ++c) {
    const double spread = static_cast<double>(variance.data()[c]) + epsilon;
    if (!(spread > 0)) {
      throw Error(ErrorKind::kNumeric, name,
                  "running_var + epsilon is " + to_text(spread) + " in channel " +
                      to_text(static_cast<std::int64_t>(c)),
                  "a variance must not be negative");
    }
    const double scale = static_cast<double>(gamma.data()[c]) / std::sqrt(spread);
    const double product = static_cast<double>(mean.data()[c]) * scale;
    affine.scale[c] = static_cast<T>(scale) + T{0};
    affine.shift[c] = static_cast<T>(static_cast<double>(beta.data()[c]) - product) + T{0};
    if (!std::isfinite(affine.scale[c]) || !std::isfinite(affine.shift[c])) {
      throw Error(ErrorKind::kNumeric, name,
                  "scale or shift overflows in channel " + to_text(static_cast<std::int64_t>(c)));
    }
  }
  return affine;
}

template Affine<float> fold_batch_norm(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                       double, const std::string&);
template Affine<double> fold_batch_norm(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                        double, const std::string&);

std::optional<double> batch_norm_epsilon(const Op& op) {
  if (const auto* norm = std::get_if<BatchNorm>(&op)) return norm->epsilon;
  if (const auto* grad = std::get_if<BatchNormGrad>(&op)) return grad->epsilon;
  return std::nullopt;
}

template <class T>
Affine<T> load_affine(const Graph& graph, const Node& norm, const ParameterSource& source) {
  const auto load = [&](std::size_t i) {
    return source.load(graph.parameters()[norm.parameters[i]]);
  };
  const double epsilon = batch_norm_epsilon(norm.op).value();
  Affine<T> affine = fold_batch_norm<T>(load(0), load(1), load(2), load(3), epsilon, norm.name);
  if (std::holds_alternative<BatchNormGrad>(norm.op)) {
    std::fill(affine.shift.begin(), affine.shift.end(), T{0});
  }
  return affine;
}

template Affine<float> load_affine(const Graph&, const Node&, const ParameterSource&);
template Affine<double> load_affine(const Graph&, const Node&, const ParameterSource&);

}  // namespace apatite::engine
