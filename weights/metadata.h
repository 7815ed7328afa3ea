// The metadata of a weights file: the texts under "__metadata__" (docs/formats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/graph/shape.h"
#include "models/model_config.h"
#include "weights/safetensors/safetensors.h"

namespace apatite::weights {

// The result that a file must compute on every machine: the hash of the logits of a seeded image.
struct SelfTest {
  int contract = 0;           // version of the arithmetic (engine/graph/contract.h)
  engine::Shape input;        // of the image
  std::uint64_t seed = 0;     // of the image, weights/self_test.h
  std::string logits_sha256;  // of the logits as little-endian binary32

  bool operator==(const SelfTest&) const = default;
};

struct WeightsMetadata {
  models::ModelConfig model;
  // Names of the logits, in their order. A head with one logit has {negative, positive} or
  // {positive}.
  std::vector<std::string> class_names;
  // How an image becomes the input (image/recipe/recipe.h checks it); null: none.
  Json recipe;
  // Of the file that the weights came from; both empty: none.
  std::string source_name;
  std::string source_sha256;
  std::optional<SelfTest> self_test;

  bool operator==(const WeightsMetadata&) const = default;
};

// Throws Error (kUsage) on metadata that could not be read back, e.g. two equal class names.
StringMap to_strings(const WeightsMetadata& metadata);

// Throws Error (kBadFile, `where`) on a missing, unknown ("apatite."...), or wrong entry. Keys of
// other programs are ignored.
WeightsMetadata metadata_from_strings(const StringMap& strings, std::string_view where);

// "0", "1", ...; {"negative", "positive"} for a one-logit head.
std::vector<std::string> default_class_names(const models::ModelConfig& model);

}  // namespace apatite::weights
