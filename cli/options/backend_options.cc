#include "cli/options/backend_options.h"

namespace apatite::cli {

const engine::Backend& BackendOptions::find() const {
  return backend.empty() ? *engine::backends().front() : engine::find_backend(backend);
}

engine::CompileOptions BackendOptions::compile_options() const {
  engine::CompileOptions compile;
  compile.threads = threads;
  compile.isa = isa;
  return compile;
}

void add_backend_options(CLI::App& command, BackendOptions& options) {
  command
      .add_option("--backend", options.backend, "What computes, see apatite backends (the first)")
      ->type_name("NAME");
  command
      .add_option("--isa", options.isa, "Instruction set, see apatite backends (the best present)")
      ->type_name("NAME");
  command
      .add_option("--threads", options.threads,
                  "Threads of the network (0: as many as the process may use)")
      ->type_name("N");
}

}  // namespace apatite::cli
