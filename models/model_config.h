// Everything that defines a network, except the size of its input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace apatite::models {

struct ModelConfig {
  std::string architecture{};   // a preset ("resnet101") or a family ("resnet"), see models()
  std::int64_t classes = 1000;  // number of logits; 1 is a one-logit head
  std::int64_t input_channels = 3;
  Json options = Json::object();  // of the family, e.g. {"stride_in_1x1": true}

  bool operator==(const ModelConfig&) const = default;
};

// {"architecture": "resnet101", "classes": 2, "input_channels": 3, "options": {}}: the form in
// which it travels inside a weights file.
Json to_json(const ModelConfig& config);

// Strict: "architecture" must be there, all else may be left out, no other field is known. Throws
// Error (kBadFile, `where`) on an unknown field (with the nearest), a wrong type or range, an
// unknown architecture or an option that it does not take.
ModelConfig model_config_from_json(const Json& json, std::string_view where);

}  // namespace apatite::models
