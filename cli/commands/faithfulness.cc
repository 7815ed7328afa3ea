// apatite faithfulness: can the maps be trusted?
#include "study/faithfulness/faithfulness.h"

#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/backend_options.h"
#include "cli/options/map_options.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/run_report.h"

namespace apatite::cli {
namespace {

struct Options {
  study::FaithfulnessOptions faithfulness;
  std::string weights, images, output, recipe;
  std::string baseline = "blur";
  MapOptions maps;
  BackendOptions backend;
  bool progress = false;
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
  options.weights = given.weights;
  options.images = given.images;
  options.output = given.output;
  options.recipe = given.recipe;
  options.maps = given.maps.choice();
  options.target = given.maps.target;
  options.settings = given.maps.settings;
  options.settings.batch = options.batch;
  options.removal = gradcam::find_removal(given.baseline);
  options.backend = given.backend.backend;
  options.isa = given.backend.isa;
  options.threads = given.backend.threads;
  Progress progress(given.progress);
  const study::FaithfulnessSummary summary = study::faithfulness(
      options, [&](const study::RunProgress& state) { progress.show(state.done, state.total); });
  progress.finish();
  report(summary, given.output, progress);
  return exit_code_of(summary);
}

}  // namespace

void add_faithfulness(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "faithfulness", "Measure whether maps can be trusted: deletion, insertion, randomisation");
  const auto options = std::make_shared<Options>();
  study::FaithfulnessOptions& faithfulness = options->faithfulness;
  command->add_option("--weights", options->weights, "The weights file")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--images", options->images,
                   "A folder, a manifest (CSV; with the columns boxes or mask also the pointing "
                   "game) or one image")
      ->required()
      ->type_name("FOLDER|CSV|IMAGE");
  command->add_option("-o,--output", options->output, "A folder for figures and plots")
      ->required()
      ->type_name("FOLDER");
  command
      ->add_option("--recipe", options->recipe, "How images are made ready (that of the weights)")
      ->type_name("JSON-FILE");
  add_map_options(*command, options->maps, "gradcam,gradcam++,hirescam,layercam,gradient");
  command
      ->add_option("--baseline", options->baseline,
                   "What stands where pixels were removed: blur, mean or zero")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--steps", faithfulness.steps, "Of the deletion and insertion curves")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--tolerance", faithfulness.tolerance,
                   "How far beside the region a map may point, in pixels of the image")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--random-images", faithfulness.random_images,
                   "Images of the randomisation check, the first ones (0: leave it out)")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--random-stages", faithfulness.random_stages, "Of its cascade")
      ->capture_default_str()
      ->type_name("N");
  add_backend_options(*command, options->backend);
  command->add_option("--batch", faithfulness.batch, "Images that the network takes at once")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--workers", faithfulness.workers,
                   "Threads that read images ahead (0: half as many as --threads)")
      ->type_name("N");
  command->add_flag("--progress", options->progress,
                    "Say how far it is even if standard error is no terminal");
  command->footer(
      method_list() +
      "Examples:\n"
      "  apatite faithfulness --weights model.safetensors --images test/ -o trust\n"
      "  apatite faithfulness --weights model.safetensors --images lesions.csv -o trust \\\n"
      "      --method gradcam,layercam --layer layer3.2.relu,layer4.2.relu --baseline mean\n"
      "What the figures mean: docs/gradcam.md. After a kill the same command continues.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
