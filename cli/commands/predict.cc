// apatite predict: images in, predictions.csv out.
#include "study/predict/predict.h"

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/run_options.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/run_report.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string weights;
  ImageRunOptions run;
};

void report(const study::PredictSummary& summary, const std::string& output,
            const Progress& progress) {
  const std::string line =
      run_line(summary, output, with_thousands(summary.images) + " images", progress);
  print(line + "\n");
  print_skipped(summary);
  if (summary.labelled > 0) {
    print("of " + to_text(summary.labelled) + " images whose class is known, " +
          to_text(summary.right) + " are predicted right (" +
          percent(summary.right, summary.labelled) + ")\n");
  }
  if (summary.foreign > 0) {
    print(to_text(summary.foreign) + " images have a label that is not a class of the network\n");
  }
}

int run(const Options& given) {
  study::PredictOptions options;
  given.run.copy_to(options);
  options.weights = given.weights;
  options.output = given.run.output;
  return run_and_report(
      given.run.progress,
      [&](const study::ShowProgress& show) { return study::predict(options, show); },
      [&](const study::PredictSummary& summary, const Progress& progress) {
        report(summary, given.run.output, progress);
      });
}

}  // namespace

void add_predict(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("predict", "Run a network over images");
  const auto options = std::make_shared<Options>();
  command->add_option("--weights", options->weights, "Weights file (safetensors) of the network")
      ->required()
      ->type_name("FILE");
  add_image_options(*command, options->run, "");
  add_output_option(*command, options->run, "FILE", "File that the predictions go to (CSV)");
  add_run_options(*command, options->run);
  command->footer(
      "Examples:\n"
      "  apatite predict --weights model.safetensors --images test/ -o predictions.csv\n"
      "  apatite predict --weights model.safetensors --images study.csv -o out.csv --batch 16\n"
      "The result does not depend on --batch, --threads, --workers or --isa. If the program is\n"
      "killed, the same command continues where it stopped. Images that cannot be read are listed\n"
      "in errors.csv beside the output, and the exit code is then 3.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
