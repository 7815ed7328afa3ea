// A network of a few hundred weights with a complete weights file around it.
#pragma once

#include <algorithm>
#include <filesystem>

#include "engine/backends.h"
#include "models/models.h"
#include "weights/init.h"
#include "weights/metadata.h"
#include "weights/self_test.h"
#include "weights/weights_file.h"

namespace apatite::weights {

inline models::ModelConfig small_model() {
  return {.architecture = "densenet",
          .classes = 2,
          .input_channels = 1,
          .options = {{"growth", 2}, {"blocks", {1}}, {"stem", "cifar"}, {"bn_size", 1}}};
}

inline WeightsMetadata small_metadata() {
  WeightsMetadata metadata;
  metadata.model = small_model();
  metadata.class_names = {"benign", "malignant"};
  metadata.recipe = {{"channels", 1}};
  metadata.source_name = "seed 7";
  metadata.source_sha256 = std::string(64, 'a');
  const engine::Graph graph = models::build_model(metadata.model, 6, 5);
  metadata.self_test =
      make_self_test(graph, SeededParameters(7), engine::find_backend("reference"));
  return metadata;
}

inline NamedTensors small_tensors() {
  return seeded_tensors(models::build_model(small_model(), 6, 5), 7);
}

inline void write_small(const std::filesystem::path& path) {
  write_weights(path, small_metadata(), small_tensors());
}

}  // namespace apatite::weights
