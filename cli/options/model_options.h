// The options that define a network, for the sub-commands that build one by name.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/model_config.h"

namespace apatite::cli {

struct ModelOptions {
  std::optional<std::int64_t> classes;
  std::optional<std::int64_t> input_channels;
  std::string options;  // JSON
};

// Adds --num-classes, --input-channels and --model-options to `command`.
void add_model_options(CLI::App& command, ModelOptions& options);

// The configuration of `architecture` with what `options` override. Throws Error (kUsage) on an
// unknown architecture (with the nearest) or an option that it does not take.
models::ModelConfig make_config(const std::string& architecture, const ModelOptions& options);

// Adds --classes A,B,... to `command`; split_list() (cli/options/split_list.h) splits its value.
void add_class_option(CLI::App& command, std::string& classes);

}  // namespace apatite::cli
