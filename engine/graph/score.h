// The score of a class, which gradients are taken of: its logit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace apatite::engine {

// Instead of a class: the one that the logits predict.
constexpr std::int64_t kPredicted = -1;

// A single logit tells two classes apart: its own sign is for class 1, the other for class 0.
constexpr std::int64_t class_count(std::int64_t logits) { return logits == 1 ? 2 : logits; }

// The first class with the largest logit; of a single logit class 1 if it is above zero, else 0.
template <class T>
std::int64_t predicted_class(std::span<const T> logits) {
  if (logits.size() == 1) return logits[0] > 0 ? 1 : 0;
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

// The score of class `target`: its logit; of a single logit +logit for class 1, -logit for class 0.
// (0 - x, so that no -0 arises.)
template <class T>
T score_of(std::span<const T> logits, std::int64_t target) {
  if (logits.size() > 1) return logits[static_cast<std::size_t>(target)];
  return target == 1 ? logits[0] : T{0} - logits[0];
}

}  // namespace apatite::engine
