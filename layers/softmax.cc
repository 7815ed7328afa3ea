#include "layers/softmax.h"

#include <algorithm>

#include "base/error.h"
#include "base/math.h"
#include "base/text.h"
#include "engine/graph/tensor.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::layers {

std::vector<double> softmax(std::span<const double> logits) {
  if (logits.empty()) throw Error(ErrorKind::kUsage, "softmax", "there are no logits");
  if (const std::int64_t index = engine::first_non_finite(logits); index >= 0) {
    throw Error(
        ErrorKind::kNumeric, "softmax",
        "logit " + to_text(index) + " is " + to_text(logits[static_cast<std::size_t>(index)]),
        "check the weights and the range of the input");
  }
  const engine::FpEnvironment environment;
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = exponential(logits[i] - largest);
    sum += p[i];
  }
  for (double& probability : p) probability /= sum;
  return p;
}

std::vector<double> softmax(std::span<const float> logits) {
  return softmax(std::vector<double>(logits.begin(), logits.end()));
}

}  // namespace apatite::layers
