// Tensors by name, as a weights file or a state dict holds them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/graph/graph.h"
#include "engine/graph/tensor.h"

namespace apatite::weights {

// Sorted by name, so that whatever is written from it is the same on every machine.
using NamedTensors = std::map<std::string, engine::Tensor, std::less<>>;

// Gives a backend copies of tensors in memory; they must outlive it.
class NamedParameters : public engine::ParameterSource {
 public:
  explicit NamedParameters(const NamedTensors& tensors) : tensors_(tensors) {}

  // Throws Error: kUsage if there is no such tensor or it has other dims; kBadFile if it is not
  // finite.
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override;

 private:
  const NamedTensors& tensors_;
};

}  // namespace apatite::weights
