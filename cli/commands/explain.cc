// apatite explain: maps of what decisions rest on, over their images.
#include "study/explain/explain.h"

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
  study::ExplainOptions explain;
  std::vector<std::string> weights;
  std::string size = "layer";
  MapOptions maps;
  ImageRunOptions run;
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
          " maps show no evidence for the class: they are flat or nowhere positive\n");
  }
  print_skipped(summary);
}

int run(const Options& given) {
  study::ExplainOptions options = given.explain;
  given.run.copy_to(options);
  options.weights.assign(given.weights.begin(), given.weights.end());
  options.output = given.run.output;
  options.size = find_size(given.size);
  options.maps = given.maps.choice();
  options.target = given.maps.target;
  options.settings = given.maps.settings;
  options.settings.keep_sign = options.keep_sign;
  options.settings.batch = options.batch;
  return run_and_report(
      given.run.progress,
      [&](const study::ShowProgress& show) { return study::explain(options, show); },
      [&](const study::ExplainSummary& summary, const Progress& progress) {
        report(summary, given.run.output, progress);
      });
}

// What the maps look like.
void add_picture_options(CLI::App& command, Options& options) {
  study::ExplainOptions& explain = options.explain;
  command.add_flag("--signed", explain.keep_sign,
                   "Keep negative values, which speak against the class, in the .npy files. "
                   "Default: they become 0");
  command
      .add_option(
          "--size", options.size,
          "Size of the maps in the .npy files: that of the layer, of the network's input or "
          "of the source image")
      ->capture_default_str()
      ->type_name("layer|input|source");
  command
      .add_option("--colours", explain.colours,
                  "Colour map of the pictures: viridis, inferno, turbo or jet")
      ->capture_default_str()
      ->type_name("NAME");
  command
      .add_option(
          "--alpha", explain.alpha,
          "Opacity of the colours where the map is largest: from 0, the source image alone, "
          "to 1, the colours alone")
      ->capture_default_str()
      ->type_name("0..1");
  command.add_flag("--panel", explain.panel,
                   "Write for every image one more picture with the source, the maps and the "
                   "overlays in a row. Default: no such picture");
  command
      .add_option("--thumbnails", explain.thumbnails,
                  "Number of images, the first ones, that have a small picture in index.html")
      ->capture_default_str()
      ->type_name("N");
}

}  // namespace

void add_explain(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "explain",
      "Show what decisions rest on, as maps over the images: Grad-CAM and related methods");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("--weights", options->weights,
                   "Weights file (safetensors) of a network. Give the option several times to "
                   "compare networks: --weights A --weights B")
      ->required()
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_image_options(*command, options->run, "");
  add_output_option(*command, options->run, "FOLDER",
                    "Folder that the maps, the pictures and index.html go to");
  add_map_options(*command, options->maps, "gradcam");
  add_picture_options(*command, *options);
  add_run_options(*command, options->run);
  command->footer(
      method_list() +
      "Examples:\n"
      "  apatite explain --weights model.safetensors --images test/ -o maps --panel\n"
      "  apatite explain --weights model.safetensors --images a.png -o a --target malignant\n"
      "  apatite explain --weights d.safetensors --images study.csv -o out --method "
      "gradcam,layercam\n"
      "      --layer features.norm5,features.relu5 --signed\n"
      "The result does not depend on --batch, --threads, --workers or --isa. If the program is\n"
      "killed, the same command continues where it stopped. docs/gradcam.md describes the files.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
