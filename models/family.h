// What a family of networks tells models.cc about itself. Not for users of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_object.h"
#include "engine/graph/graph.h"

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
};

const Family& resnet_family();
const Family& cifar_resnet_family();
const Family& densenet_family();

// No network of the field is larger; this bounds the work that an untrusted file can ask for.
inline constexpr JsonObject::Range kLayerCount{1, 512};
inline constexpr JsonObject::Range kChannelCount{1, 1 << 16};

// The field `key`: how many layers each stage has, at most 8 stages and 512 layers in all.
std::vector<std::int64_t> layers_per_stage(JsonObject& options, std::string_view key);

}  // namespace apatite::models
