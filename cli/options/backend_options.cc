#include "cli/options/backend_options.h"

namespace apatite::cli {

const engine::Backend& BackendOptions::find() const { return engine::find_backend(backend); }

engine::CompileOptions BackendOptions::compile_options() const {
  engine::CompileOptions compile;
  compile.threads = threads;
  compile.isa = isa;
  return compile;
}

void add_backend_options(CLI::App& command, BackendOptions& options) {
  command
      .add_option("--backend", options.backend,
                  "Backend that computes, one of those that apatite backends lists. Default: the "
                  "first one")
      ->type_name("NAME");
  command
      .add_option("--isa", options.isa,
                  "Instruction set of the backend, one of those that apatite backends lists. "
                  "Default: the best one that is present")
      ->type_name("NAME");
  command
      .add_option("--threads", options.threads,
                  "Number of threads that the network runs on. Default: 0, which means as many as "
                  "the process may use")
      ->type_name("N");
}

}  // namespace apatite::cli
