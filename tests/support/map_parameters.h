// Parameters given one by one, for small networks made by hand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "engine/graph/graph.h"

namespace apatite {

class MapParameters final : public ParameterSource {
 public:
  explicit MapParameters(std::map<std::string, Tensor> tensors) : tensors_(std::move(tensors)) {}
  [[nodiscard]] Tensor load(const Parameter& parameter) const override {
    return tensors_.at(parameter.name);
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

inline Tensor filled(Dims dims, float value) {
  Tensor tensor(std::move(dims));
  for (float& x : tensor.values()) x = value;
  return tensor;
}

}  // namespace apatite
