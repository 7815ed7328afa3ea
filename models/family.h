// What a family of networks says about itself: how it is built, recognised and fed. Not for users
// of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_object.h"
#include "engine/graph/graph.h"
#include "models/checkpoint.h"
#include "models/model_config.h"

namespace apatite::models {

// Builds a network for one input shape and number of logits.
using GraphFunction = std::function<engine::Graph(engine::Shape input, std::int64_t classes)>;

struct Family {
  struct Preset {
    std::string name;
    Json options;  // that fix this member; a user may set the others
    std::string description;
  };

  std::string name;
  std::string description;
  engine::Shape default_input;
  std::int64_t default_classes;
  std::vector<Preset> presets;
  // Reads and checks the options; refuses those that it does not know.
  GraphFunction (*configure)(JsonObject options);

  // Checkpoints from elsewhere, which `apatite convert` reads.
  const CheckpointNames* checkpoint_names;
  // The family with the options that the names and sizes tell, its `classes` left at 1; nothing if
  // they are those of another family with the same checkpoint_names. Options that have their
  // default value are left out. The caller compares all tensors afterwards. Throws Error (kBadFile)
  // if a tensor that tells is missing or has a wrong rank.
  std::optional<ModelConfig> (*recognise)(const CheckpointTensors& tensors);
  // What tensors of this network cannot tell, and what is assumed as long as `model` does not say
  // it: a sentence for the report, or "" if nothing is assumed. Null: there is no such thing.
  std::string_view (*assumption)(const CheckpointTensors& tensors, const ModelConfig& model);
  // The "steps" of the recipe that such networks are usually trained with (docs/recipes.md).
  Json (*usual_steps)(const ModelConfig& model);
};

const Family& resnet_family();
const Family& cifar_resnet_family();
const Family& densenet_family();

// All families, in the order in which users see them.
std::span<const Family* const> families();

// The family of an architecture (a preset's or a family's name). Throws Error (kUsage) on an
// unknown name, with the nearest.
const Family& family_of(std::string_view architecture);

// No network of the field is larger. These ranges limit the work that an untrusted file can
// request.
inline constexpr JsonObject::Range kLayerCount{1, 512};
inline constexpr JsonObject::Range kChannelCount{1, 1 << 16};

// The field `key`: how many layers each stage has, at most 8 stages and 512 layers in all.
std::vector<std::int64_t> layers_per_stage(JsonObject& options, std::string_view key);

}  // namespace apatite::models
