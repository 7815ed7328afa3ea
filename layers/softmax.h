// From logits to probabilities.
#pragma once

#include <span>
#include <vector>

namespace apatite::layers {

// p[i] = e^(x[i] - m) / sum of e^(x[j] - m), m the largest logit; all in binary64 with
// base/math.h: each difference, each quotient and each addition of the sum (ascending, from +0)
// rounded once. The same bits on every machine.
// Throws Error (kUsage) if there are no logits, (kNumeric) if one is not finite.
std::vector<double> softmax(std::span<const double> logits);
// Of binary32 logits: each is a binary64 number.
std::vector<double> softmax(std::span<const float> logits);

}  // namespace apatite::layers
