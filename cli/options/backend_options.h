// The options that choose what computes, shared by the sub-commands that run a network.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "engine/backends.h"

namespace apatite::cli {

struct BackendOptions {
  std::string backend;
  std::string isa;
  int threads = 0;

  // Throws Error (kUnavailable) if it is not built in or cannot run here.
  [[nodiscard]] const engine::Backend& find() const;
  [[nodiscard]] engine::CompileOptions compile_options() const;
};

// Adds --backend, --isa and --threads to `command`.
void add_backend_options(CLI::App& command, BackendOptions& options);

}  // namespace apatite::cli
