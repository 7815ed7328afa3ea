// Parameters given one by one, for small networks made by hand.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "engine/graph/graph.h"

namespace apatite {

class MapParameters final : public engine::ParameterSource {
 public:
  explicit MapParameters(std::map<std::string, engine::Tensor> tensors)
      : tensors_(std::move(tensors)) {}
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override {
    return tensors_.at(parameter.name);
  }

 private:
  std::map<std::string, engine::Tensor> tensors_;
};

inline engine::Tensor filled(engine::Dims dims, float value) {
  engine::Tensor tensor(std::move(dims));
  for (float& x : tensor.values()) x = value;
  return tensor;
}

}  // namespace apatite
