// The options that every run over a list of images has, shared by predict, explain and
// faithfulness.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>

#include "cli/options/backend_options.h"
#include "study/run/run_options.h"

namespace apatite::cli {

struct ImageRunOptions {
  std::string images;
  std::string output;
  std::string recipe;
  BackendOptions backend;
  std::int64_t batch = 8;
  int workers = 0;
  bool strict = false;
  bool progress = false;

  void copy_to(study::RunOptions& options) const;
};

// Adds --images and --recipe. `manifest`: ends the sentence of the help text about manifests.
void add_image_options(CLI::App& command, ImageRunOptions& options, const std::string& manifest);
// Adds --output. `type`: FILE or FOLDER.
void add_output_option(CLI::App& command, ImageRunOptions& options, const std::string& type,
                       const std::string& help);
// Adds --backend, --isa, --threads, --batch, --workers, --strict and --progress.
void add_run_options(CLI::App& command, ImageRunOptions& options);

}  // namespace apatite::cli
