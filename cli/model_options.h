// The options that fix a network, shared by the sub-commands that build one by name.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/shape.h"
#include "models/model_config.h"

namespace apatite {

struct ModelOptions {
  std::optional<std::int64_t> classes;
  std::optional<std::int64_t> input_channels;
  std::string options;  // JSON
};

// Adds --num-classes, --input-channels and --model-options to `command`.
void add_model_options(CLI::App& command, ModelOptions& options);

// The configuration of `architecture` with what `options` override. Throws Error (kUsage) on an
// unknown architecture (with the nearest) or an option that it does not take.
ModelConfig make_config(const std::string& architecture, const ModelOptions& options);

// default_input of models() for a preset's or family's name.
Shape default_input(const std::string& architecture);

}  // namespace apatite
