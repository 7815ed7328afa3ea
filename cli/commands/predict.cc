// apatite predict: images in, predictions.csv out.
#include "study/predict/predict.h"

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/backend_options.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/run_report.h"

namespace apatite::cli {
namespace {

struct Options {
  study::PredictOptions predict;
  std::string weights, images, output, recipe;
  BackendOptions backend;
  bool progress = false;
};

void report(const study::PredictSummary& summary, const std::string& output,
            const Progress& progress) {
  const std::string line =
      run_line(summary, output, with_thousands(summary.images) + " images", progress);
  print(line + "\n");
  print_skipped(summary);
  if (summary.labelled > 0) {
    print("labels known for " + to_text(summary.labelled) + ": " + to_text(summary.right) +
          " right (" + percent(summary.right, summary.labelled) + ")\n");
  }
  if (summary.foreign > 0) {
    print(to_text(summary.foreign) + " labels are no class of the network\n");
  }
}

int run(const Options& given) {
  study::PredictOptions options = given.predict;
  options.weights = given.weights;
  options.images = given.images;
  options.output = given.output;
  options.recipe = given.recipe;
  options.backend = given.backend.backend;
  options.isa = given.backend.isa;
  options.threads = given.backend.threads;
  Progress progress(given.progress);
  const study::PredictSummary summary = study::predict(
      options, [&](const study::RunProgress& state) { progress.show(state.done, state.total); });
  progress.finish();
  report(summary, given.output, progress);
  return exit_code_of(summary);
}

}  // namespace

void add_predict(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("predict", "Run a network over images");
  const auto options = std::make_shared<Options>();
  command->add_option("--weights", options->weights, "The weights file")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--images", options->images,
                   "A folder, or a manifest (CSV with the columns image,label,patient)")
      ->required()
      ->type_name("FOLDER|CSV");
  command->add_option("-o,--output", options->output, "The predictions (CSV)")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--recipe", options->recipe, "How images are made ready (that of the weights)")
      ->type_name("JSON-FILE");
  add_backend_options(*command, options->backend);
  command->add_option("--batch", options->predict.batch, "Images that the network takes at once")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--workers,--decoders", options->predict.workers,
                   "Processes that read images ahead (0: half as many as --threads)")
      ->type_name("N");
  command->add_flag("--strict", options->predict.strict,
                    "Stop at the first image that cannot be read");
  command->add_flag("--progress", options->progress,
                    "Say how far it is even if standard error is no terminal");
  command->footer(
      "Examples:\n"
      "  apatite predict --weights model.safetensors --images test/ -o predictions.csv\n"
      "  apatite predict --weights model.safetensors --images study.csv -o out.csv --batch 16\n"
      "The result does not depend on --batch, --threads, --workers or --isa. After a kill the "
      "same\n"
      "command continues. Images that cannot be read are listed in errors.csv beside the output\n"
      "(exit code 3).");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
