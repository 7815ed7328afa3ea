// apatite convert: converts a PyTorch checkpoint to a weights file.
#include "weights/conversion/convert.h"

#include <filesystem>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/model_options.h"
#include "cli/options/new_weights.h"
#include "cli/options/split_list.h"
#include "cli/terminal/output.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string recipe;
  std::string classes;
  std::string model_options;
  weights::ConvertOptions convert;
};

int run(const Options& options) {
  weights::ConvertOptions convert_options = options.convert;
  convert_options.class_names = split_list(options.classes);
  convert_options.recipe = recipe_option(options.recipe);
  if (!options.model_options.empty()) {
    convert_options.model_options = parse_json(options.model_options, "--model-options");
  }
  const weights::Conversion conversion = weights::convert(options.input, convert_options);
  for (const std::string& line : conversion.report.lines()) print(line + "\n");
  weights::WeightsMetadata metadata;
  metadata.model = conversion.model;
  metadata.class_names = conversion.class_names;
  metadata.recipe = conversion.recipe;
  metadata.source_name = std::filesystem::path(options.input).filename().string();
  metadata.source_sha256 = conversion.source_sha256;
  write_new_weights(options.output, metadata, conversion.tensors);
  return 0;
}

}  // namespace

void add_convert(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("convert", "Convert a PyTorch checkpoint to a weights file");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("checkpoint", options->input,
                   "Checkpoint that torch.save wrote (.pth, .pt or .th); no code in it is executed")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--output", options->output, "Weights file to write (.safetensors)")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--arch", options->convert.architecture,
                   "Architecture, a name that apatite models lists (default: recognised from the "
                   "names and shapes of the tensors)")
      ->type_name("NAME");
  add_class_option(*command, options->classes);
  command
      ->add_option("--num-classes", options->convert.classes,
                   "Number of logits that the last layer must have (default: any number)")
      ->type_name("N");
  command
      ->add_option("--model-options", options->model_options,
                   "Options of the architecture's family, a JSON object, e.g. '{\"stride_in_1x1\": "
                   "true}' (default: what the tensors show)")
      ->type_name("JSON");
  command
      ->add_option(
          "--recipe", options->recipe,
          "Preprocessing of the images: a JSON file, or a preset that apatite recipes lists "
          "(default: the usual recipe of the architecture)")
      ->type_name("FILE|PRESET");
  command
      ->add_option("--key", options->convert.key,
                   "Place of the state dict inside the checkpoint, as keys separated by /, e.g. "
                   "ema/model (default: found by its usual names, see docs/convert.md)")
      ->type_name("KEY");
  command->footer(
      "Examples:\n"
      "  apatite convert model.pth -o model.safetensors --classes benign,malignant\n"
      "  apatite convert run7.pt -o run7.safetensors --key ema/model --recipe grey512.json");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
