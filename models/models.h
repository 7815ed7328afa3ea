// The networks that apatite knows, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/graph/graph.h"
#include "models/model_config.h"

namespace apatite::models {

struct ModelInfo {
  std::string name;             // "resnet101"
  std::string family;           // "resnet"; equal to `name` for a family itself
  std::string description;      // one line, with its source
  engine::Shape default_input;  // of its paper's data set
  std::int64_t default_classes = 1000;
};

// Every preset, then every family (which takes all its options from ModelConfig::options).
std::span<const ModelInfo> models();

// The configuration with the classes and input channels of the paper's data set. Throws Error
// (kUsage) on an unknown name, with the nearest. (A family still needs its options.)
ModelConfig default_config(std::string_view name);

// The network for images of `height` x `width`. Its parameters bear the names of torchvision's (the
// CIFAR ResNets': akamaster/pytorch_resnet_cifar10's) state dict, in that order.
// Throws Error (kUsage): an unknown name (with the nearest), an option or number out of range, an
// input too small for a layer (which one, and the smallest input that fits).
engine::Graph build_model(const ModelConfig& config, std::int64_t height, std::int64_t width);

// What build_model checks that does not depend on the input's size.
void check_model_config(const ModelConfig& config);

}  // namespace apatite::models
