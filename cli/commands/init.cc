// apatite init: writes untrained weights, which are the same on every machine.
#include "weights/init.h"

#include <memory>

#include "cli/commands/commands.h"
#include "cli/options/model_options.h"
#include "cli/options/new_weights.h"
#include "cli/options/split_list.h"
#include "models/models.h"
#include "weights/conversion/convert.h"
#include "weights/weights_file.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string architecture;
  ModelOptions model;
  std::string classes;
  std::uint64_t seed = 0;
  std::string recipe;
  std::string output;
};

int run(const Options& options) {
  weights::WeightsMetadata metadata;
  ModelOptions model = options.model;
  metadata.class_names = split_list(options.classes);
  if (!model.classes && !metadata.class_names.empty()) {
    model.classes = static_cast<std::int64_t>(metadata.class_names.size());
  }
  metadata.model = make_config(options.architecture, model);
  if (metadata.class_names.empty())
    metadata.class_names = weights::default_class_names(metadata.model);
  metadata.recipe = recipe_option(options.recipe);
  if (metadata.recipe.is_null()) metadata.recipe = weights::default_recipe(metadata.model);
  const engine::Shape input = weights::default_input(metadata.model);
  const engine::Graph graph = models::build_model(metadata.model, input.height, input.width);
  write_new_weights(options.output, metadata, weights::seeded_tensors(graph, options.seed));
  return 0;
}

}  // namespace

void add_init(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("init", "Write untrained weights made from a seed, for trials");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("architecture", options->architecture,
                   "Architecture, a name that apatite models lists")
      ->required()
      ->type_name("NAME");
  command
      ->add_option("--seed", options->seed,
                   "Seed of the weights, 0 to 2^64 - 1; the same seed gives the same file")
      ->required()
      ->type_name("N");
  command->add_option("-o,--output", options->output, "Weights file to write (.safetensors)")
      ->required()
      ->type_name("FILE");
  add_class_option(*command, options->classes);
  add_model_options(*command, options->model);
  command
      ->add_option(
          "--recipe", options->recipe,
          "Preprocessing of the images: a JSON file, or a preset that apatite recipes lists "
          "(default: the usual recipe of the architecture)")
      ->type_name("FILE|PRESET");
  command->footer(
      "Examples:\n"
      "  apatite init cifar_resnet20 --seed 1 --classes benign,malignant -o small.safetensors\n"
      "  apatite init densenet201 --seed 1 --num-classes 2 --input-channels 1 -o grey.safetensors");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
