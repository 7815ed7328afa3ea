// apatite check: checks everything that a weights file promises.
#include "weights/check.h"

#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/backend_options.h"
#include "cli/terminal/output.h"
#include "study/run/image_model.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string weights;
  BackendOptions backend;
};

int run(const Options& options) {
  const weights::CheckReport report = weights::check_weights(
      options.weights, options.backend.find(), options.backend.compile_options());
  if (!report.metadata.recipe.is_null()) {
    (void)study::recipe_in_weights(report.metadata, report.file);
  }
  for (const std::string& line : report.lines()) print(line + "\n");
  return 0;
}

}  // namespace

void add_check(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "check", "Check a weights file: every tensor, every value, and its self-test");
  const auto options = std::make_shared<Options>();
  command->add_option("weights", options->weights, "Weights file to check (.safetensors)")
      ->required()
      ->type_name("FILE");
  add_backend_options(*command, options->backend);
  command->footer(
      "Examples:\n"
      "  apatite check model.safetensors\n"
      "  apatite check model.safetensors --backend reference\n"
      "The exit code is 4 if the file is refused; the message says why.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
