// Gradients against central differences in binary64.
//
// A network of convolutions, batch norms, ReLUs, pools, sums and linear layers is piecewise linear
// in each of its values. As long as value + h * u and value - h * u lie in one piece (every ReLU
// passes the same values, every maximum is the same tap), (S(+) - S(-)) / 2h is the derivative up
// to the rounding of S: no truncation error, whatever h. So h is the largest of a few powers of two
// with both ends in the value's own piece. The rounding, about 2^-50 |S| / h, is below 1e-8 for the
// h used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/graph/graph.h"
#include "layers/differentiate.h"

namespace apatite {

struct GradientErrors {
  double largest = 0;         // relative error, see below
  std::string where;          // of it
  std::int64_t compared = 0;  // derivatives
  std::int64_t kinks = 0;     // left out: a kink nearer than the smallest h
};

// Compares the gradients with respect to each of `wrt` as `differentiated` has them (run by
// reference64 on `image` for class `target`): along a random direction, which sees every element
// (error relative to the sum of |g u|), and along `elements` single elements (relative to the
// largest |g|). The central differences are of class `differences_target`, by default the same one.
GradientErrors gradient_errors(const engine::Graph& network, const std::vector<engine::NodeId>& wrt,
                               const layers::Differentiated& differentiated,
                               const engine::ParameterSource& source, const engine::Tensor& image,
                               std::int64_t target, std::size_t elements = 6,
                               std::optional<std::int64_t> differences_target = std::nullopt);

}  // namespace apatite
