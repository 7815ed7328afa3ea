// apatite explain: maps of what decisions rest on, over their images.
#include "study/explain/explain.h"

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
  study::ExplainOptions explain;
  std::vector<std::string> weights;
  std::string images, output, recipe;
  std::string size = "layer";
  MapOptions maps;
  BackendOptions backend;
  bool progress = false;
};

study::MapSize find_size(const std::string& name) {
  if (name == "layer") return study::MapSize::kLayer;
  if (name == "input") return study::MapSize::kInput;
  if (name == "source") return study::MapSize::kSource;
  throw Error(ErrorKind::kUsage, "size", "there is no " + quote(name),
              "one of layer, input, source");
}

void report(const study::ExplainSummary& summary, const std::string& output,
            const Progress& progress) {
  const std::string line = run_line(
      summary, output,
      with_thousands(summary.maps) + " maps of " + with_thousands(summary.images) + " images",
      progress);
  print(line + "; open " + output + "/index.html\n");
  if (summary.without_evidence > 0) {
    print(with_thousands(summary.without_evidence) +
          " maps have nothing to show (flat or nowhere positive)\n");
  }
  print_skipped(summary);
}

int run(const Options& given) {
  study::ExplainOptions options = given.explain;
  options.weights.assign(given.weights.begin(), given.weights.end());
  options.images = given.images;
  options.output = given.output;
  options.recipe = given.recipe;
  options.size = find_size(given.size);
  options.maps = given.maps.choice();
  options.target = given.maps.target;
  options.settings = given.maps.settings;
  options.settings.keep_sign = options.keep_sign;
  options.settings.batch = options.batch;
  options.backend = given.backend.backend;
  options.isa = given.backend.isa;
  options.threads = given.backend.threads;
  Progress progress(given.progress);
  const study::ExplainSummary summary = study::explain(
      options, [&](const study::RunProgress& state) { progress.show(state.done, state.total); });
  progress.finish();
  report(summary, given.output, progress);
  return exit_code_of(summary);
}

}  // namespace

void add_explain(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "explain", "Show what decisions rest on: Grad-CAM and its kin, over the images");
  const auto options = std::make_shared<Options>();
  study::ExplainOptions& explain = options->explain;
  command
      ->add_option("--weights", options->weights,
                   "A weights file; several: --weights A --weights B")
      ->required()
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      ->add_option("--images", options->images,
                   "A folder, a manifest (CSV with the columns image,label,patient) or one image")
      ->required()
      ->type_name("FOLDER|CSV|IMAGE");
  command->add_option("-o,--output", options->output, "A folder for maps, pictures and index.html")
      ->required()
      ->type_name("FOLDER");
  command
      ->add_option("--recipe", options->recipe, "How images are made ready (that of the weights)")
      ->type_name("JSON-FILE");
  add_map_options(*command, options->maps, "gradcam");
  command->add_flag("--signed", explain.keep_sign,
                    "Keep in the .npy what speaks against the class, below zero");
  command
      ->add_option("--size", options->size,
                   "Cells of the .npy: those of the layer, or pixels of the network's input or "
                   "the source")
      ->capture_default_str()
      ->type_name("layer|input|source");
  command->add_option("--colours", explain.colours, "viridis, inferno, turbo or jet")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--alpha", explain.alpha, "How much the strongest evidence covers the image")
      ->capture_default_str()
      ->type_name("0..1");
  command->add_flag("--panel", explain.panel,
                    "Also source, maps and overlays in a row, of all methods, layers and models");
  command
      ->add_option("--thumbnails", explain.thumbnails,
                   "In index.html, of the first images of the list")
      ->capture_default_str()
      ->type_name("N");
  add_backend_options(*command, options->backend);
  command->add_option("--batch", explain.batch, "Images that the network takes at once")
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--workers", explain.workers,
                   "Threads that read images and write pictures (0: half as many as --threads)")
      ->type_name("N");
  command->add_flag("--strict", explain.strict, "Stop at the first image that cannot be read");
  command->add_flag("--progress", options->progress,
                    "Say how far it is even if standard error is no terminal");
  command->footer(
      method_list() +
      "Examples:\n"
      "  apatite explain --weights model.safetensors --images test/ -o maps --panel\n"
      "  apatite explain --weights model.safetensors --images a.png -o a --target malignant\n"
      "  apatite explain --weights d.safetensors --images study.csv -o out --method "
      "gradcam,layercam\n"
      "      --layer features.norm5,features.relu5 --signed\n"
      "The result does not depend on --batch, --threads, --workers or --isa. After a kill the "
      "same\n"
      "command continues. What the files say: docs/gradcam.md.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
