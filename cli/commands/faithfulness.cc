// apatite faithfulness: can the maps be trusted?
#include "study/faithfulness/faithfulness.h"

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/map_options.h"
#include "cli/options/run_options.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/run_report.h"

namespace apatite::cli {
namespace {

struct Options {
  study::FaithfulnessOptions faithfulness;
  std::string weights;
  std::string baseline = "blur";
  MapOptions maps;
  ImageRunOptions run;
};

void report(const study::FaithfulnessSummary& summary, const std::string& output,
            const Progress& progress) {
  const std::string line =
      run_line(summary, output, with_thousands(summary.images) + " images", progress);
  print(line + "\n" + summary.table);
  print_skipped(summary);
}

int run(const Options& given) {
  study::FaithfulnessOptions options = given.faithfulness;
  given.run.copy_to(options);
  options.weights = given.weights;
  options.output = given.run.output;
  options.maps = given.maps.choice();
  options.target = given.maps.target;
  options.settings = given.maps.settings;
  options.settings.batch = options.batch;
  options.removal = gradcam::find_removal(given.baseline);
  return run_and_report(
      given.run.progress,
      [&](const study::ShowProgress& show) { return study::faithfulness(options, show); },
      [&](const study::FaithfulnessSummary& summary, const Progress& progress) {
        report(summary, given.run.output, progress);
      });
}

// How maps are judged.
void add_measure_options(CLI::App& command, Options& options) {
  study::FaithfulnessOptions& faithfulness = options.faithfulness;
  command
      .add_option("--baseline", options.baseline,
                  "What replaces pixels that are removed from the image: blur, mean or zero")
      ->capture_default_str()
      ->type_name("NAME");
  command
      .add_option("--steps", faithfulness.steps,
                  "Number of steps of the deletion and insertion curves")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option(
          "--tolerance", faithfulness.tolerance,
          "Distance from the region at which a map's largest value still counts as a hit in "
          "the pointing game, in pixels of the image")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option(
          "--random-images", faithfulness.random_images,
          "Number of images, the first ones, that the randomisation check uses; 0 leaves the "
          "check out")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--random-stages", faithfulness.random_stages,
                  "Largest number of stages in which the randomisation check replaces the weights")
      ->capture_default_str()
      ->type_name("N");
}

}  // namespace

void add_faithfulness(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "faithfulness", "Measure whether maps can be trusted: deletion, insertion, randomisation");
  const auto options = std::make_shared<Options>();
  options->run.batch = options->faithfulness.batch;
  command->add_option("--weights", options->weights, "Weights file (safetensors) of the network")
      ->required()
      ->type_name("FILE");
  add_image_options(*command, options->run,
                    "; with a column boxes or mask also the pointing game is played");
  add_output_option(*command, options->run, "FOLDER", "Folder that the figures and plots go to");
  add_map_options(*command, options->maps, "gradcam,gradcam++,hirescam,layercam,gradient");
  add_measure_options(*command, *options);
  add_run_options(*command, options->run);
  command->footer(
      method_list() +
      "Examples:\n"
      "  apatite faithfulness --weights model.safetensors --images test/ -o trust\n"
      "  apatite faithfulness --weights model.safetensors --images lesions.csv -o trust \\\n"
      "      --method gradcam,layercam --layer layer3.2.relu,layer4.2.relu --baseline mean\n"
      "docs/gradcam.md says what the figures mean. If the program is killed, the same command\n"
      "continues where it stopped.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
