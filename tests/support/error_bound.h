// How far a binary32 result may lie from the binary64 one, derived from the lengths of the chains.
//
// u = 2^-24. A sum of n products, each product and each addition rounded or fused, in any order,
// satisfies |computed - true| <= gamma_n * sum |x||w| with gamma_n = n u / (1 - n u) (Higham 2002,
// "Accuracy and stability of numerical algorithms", section 3.1), plus at most 2^-149 for each
// operation that underflows.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/reference/run_node.h"

namespace apatite {

class ErrorBound {
 public:
  ErrorBound(const engine::Graph& graph, const engine::ParameterSource& source);

  struct Local {
    std::vector<double> value;  // the node in binary64, from the given inputs
    std::vector<double> bound;  // of |a binary32 result - value|, per element
  };
  // One image; `inputs` are the binary32 values that the node reads.
  [[nodiscard]] Local local(engine::NodeId id,
                            const std::vector<std::span<const float>>& inputs) const;

  // How far the node's true result can move if each input moves by at most `errors`: a worst case,
  // which grows by about the square root of the chain's length per layer.
  [[nodiscard]] std::vector<double> amplified(engine::NodeId id,
                                              const std::vector<std::vector<double>>& errors) const;

  // Estimates of the error's variance, for networks too deep for the worst case. Rounding errors
  // are taken as independent, of mean zero, below u relative (Higham, Mary 2019, "A new approach to
  // probabilistic rounding error analysis"), and weights as of random sign:
  //   local: u^2 * n * sum x^2 w^2 for a chain of n;  amplified: sum w^2 variance, and through a
  //   ReLU only where its result is above zero (to first order).
  [[nodiscard]] std::vector<double> local_variance(
      engine::NodeId id, const std::vector<std::span<const float>>& inputs) const;
  [[nodiscard]] std::vector<double> amplified_variance(
      engine::NodeId id, const std::vector<std::vector<double>>& variances,
      std::span<const float> result) const;

 private:
  using Values = std::vector<std::vector<double>>;
  // The node's linear part with `f` applied to every parameter, on `inputs`; with shifts (bias,
  // beta) or without. Max pooling takes the maximum.
  template <class Function>
  [[nodiscard]] std::vector<double> apply(engine::NodeId id, const Values& inputs, bool with_shift,
                                          Function f) const;
  [[nodiscard]] double chain_length(engine::NodeId id) const;
  [[nodiscard]] bool copies(engine::NodeId id) const;

  const engine::Graph& graph_;
  std::vector<engine::reference::NodeParameters<double>> parameters_;
};

}  // namespace apatite
