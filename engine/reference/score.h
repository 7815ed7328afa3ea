// The gradient of the score with respect to the logits (docs/arithmetic.md, section 10).
//
// T is float (the contract) or double (the yardstick). Every tensor is dense and row-major:
// activations [channel][row][column], weights as engine/graph/op.h gives them. Of the gradients g
// is the one of the score with respect to the operation's result y; gx, the result, is the one with
// respect to its input x, of the shape `in`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/graph/score.h"
#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

// g[c] = 1 for c = target, 0 elsewhere; of a single logit 1 for class 1, -1 for class 0. `target`
// may be kPredicted (engine/graph/score.h).
template <class T>
void score_grad(View<T> logits, std::int64_t target, T* g) {
  const std::int64_t count = logits.shape.channels;
  const std::span<const T> values(logits.data, static_cast<std::size_t>(count));
  if (target == kPredicted) target = predicted_class(values);
  std::fill_n(g, count, T{0});
  if (count == 1) {
    g[0] = target == 1 ? T{1} : T{-1};
  } else {
    g[target] = 1;
  }
}

template <class T>
void compute(const ScoreGrad& /*op*/, const NodeArguments<T>& node) {
  score_grad(node.x(0), node.target, node.y);
}

}  // namespace apatite::engine::reference
