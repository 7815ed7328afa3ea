// The options that say which maps are wanted, shared by the sub-commands that make them.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "gradcam/map/method.h"
#include "study/explain/explained_model.h"

namespace apatite::cli {

struct MapOptions {
  std::string methods;  // separated by commas
  std::string layers;   // separated by commas; empty: the default
  std::string target = "predicted";
  gradcam::MethodSettings settings;

  // Throws Error (kUsage) for a method that does not exist.
  [[nodiscard]] study::MapChoice choice() const;
};

// Adds --method, --layer, --target, --path-steps, --smooth-samples, --smooth-noise and --seed to
// `command`; `default_methods` is what --method is if it is left out.
void add_map_options(CLI::App& command, MapOptions& options, const std::string& default_methods);

// The methods, one a line, for the footer of --help.
std::string method_list();

}  // namespace apatite::cli
