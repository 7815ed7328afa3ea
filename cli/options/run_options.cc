#include "cli/options/run_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace apatite::cli {

void ImageRunOptions::copy_to(study::RunOptions& run) const {
  run.images = images;
  run.recipe = recipe;
  run.backend = backend.backend;
  run.isa = backend.isa;
  run.threads = backend.threads;
  run.workers = workers;
  run.batch = batch;
  run.strict = strict;
}

void add_image_options(CLI::App& command, ImageRunOptions& options, const std::string& manifest) {
  command
      .add_option(
          "--images", options.images,
          "Images to read: a folder, one image, or a manifest, which is a CSV file with the "
          "columns image, label and patient" +
              manifest)
      ->required()
      ->type_name("FOLDER|CSV|IMAGE");
  command
      .add_option("--recipe", options.recipe,
                  "Recipe that turns an image into the network's input: a file, or the name of one "
                  "that apatite recipes lists. Default: the recipe in the weights file")
      ->type_name("JSON-FILE|NAME");
}

void add_output_option(CLI::App& command, ImageRunOptions& options, const std::string& type,
                       const std::string& help) {
  command.add_option("-o,--output", options.output, help)->required()->type_name(type);
}

void add_run_options(CLI::App& command, ImageRunOptions& options) {
  add_backend_options(command, options.backend);
  command.add_option("--batch", options.batch, "Number of images that the network takes at once")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--workers,--decoders", options.workers,
                  "Number of threads that read images ahead of the network, each with a decoder "
                  "process of its own. Default: 0, which means half as many as --threads")
      ->type_name("N");
  command.add_flag("--strict", options.strict,
                   "Stop at the first image that cannot be read. Default: list such images in "
                   "errors.csv and go on");
  command.add_flag("--progress", options.progress,
                   "Report the progress on standard error even if that is no terminal. Default: "
                   "only on a terminal");
}

}  // namespace apatite::cli
