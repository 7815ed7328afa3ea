// apatite describe: shows every node of a network, which is given by name or as a weights file.
#include "models/describe.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/model_options.h"
#include "cli/terminal/output.h"
#include "engine/graph/operations.h"
#include "image/recipe/recipe.h"
#include "models/models.h"
#include "study/run/image_model.h"
#include "weights/weights_file.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string subject;  // a model's name or a weights file
  ModelOptions model;
  std::optional<std::int64_t> height;
  std::optional<std::int64_t> width;
  bool taps = false;
  bool json = false;
};

bool is_model(const std::string& name) {
  const auto list = models::models();
  return std::any_of(list.begin(), list.end(),
                     [&](const models::ModelInfo& model) { return model.name == name; });
}

// The network and the size of image that it usually takes.
std::pair<models::ModelConfig, engine::Shape> network(const Options& options) {
  // A name comes first; a file of that name is ./NAME.
  if (is_model(options.subject) || !std::filesystem::exists(options.subject)) {
    const models::ModelConfig config = make_config(options.subject, options.model);
    return {config, weights::default_input(config)};
  }
  if (options.model.classes || options.model.input_channels || !options.model.options.empty()) {
    throw Error(ErrorKind::kUsage, options.subject, "is a weights file, which fixes the network",
                "leave out --num-classes, --input-channels and --model-options");
  }
  const weights::WeightsFile weights(options.subject);
  const weights::WeightsMetadata& metadata = weights.metadata();
  if (metadata.recipe.is_null()) return {metadata.model, weights::default_input(metadata.model)};
  const image::Recipe recipe = study::recipe_in_weights(metadata, weights.where());
  return {metadata.model,
          recipe.has_fixed_size() ? recipe.output_shape() : weights::default_input(metadata.model)};
}

engine::Graph graph_of(const Options& options) {
  const auto [config, input] = network(options);
  return models::build_model(config, options.height.value_or(input.height),
                             options.width.value_or(input.width));
}

std::vector<std::string> names(const engine::Graph& graph, const std::vector<engine::NodeId>& ids) {
  std::vector<std::string> list;
  list.reserve(ids.size());
  for (const engine::NodeId id : ids) list.push_back(graph.node(id).name);
  return list;
}

Json to_json(const engine::Graph& graph) {
  Json nodes = Json::array();
  for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) {
    const engine::Node& node = graph.node(id);
    const models::Cost cost = models::node_cost(graph, id);
    nodes.push_back({{"name", node.name},
                     {"op", engine::op_name(node.op)},
                     {"inputs", names(graph, node.inputs)},
                     {"shape", {node.shape.channels, node.shape.height, node.shape.width}},
                     {"parameters", cost.parameters},
                     {"multiply_adds", cost.multiply_adds}});
  }
  const models::Cost total = models::total_cost(graph);
  return {{"nodes", std::move(nodes)},
          {"parameters", total.parameters},
          {"multiply_adds", total.multiply_adds},
          {"candidate_taps", names(graph, models::candidate_taps(graph))}};
}

std::string tap_table(const engine::Graph& graph) {
  std::vector<std::vector<std::string>> rows;
  for (const engine::NodeId id : models::candidate_taps(graph)) {
    rows.push_back({graph.node(id).name, engine::to_text(graph.node(id).shape)});
  }
  return table(rows);
}

int run(const Options& options) {
  const engine::Graph graph = graph_of(options);
  print(options.json   ? to_text(to_json(graph))
        : options.taps ? tap_table(graph)
                       : models::describe(graph));
  return 0;
}

}  // namespace

void add_describe(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "describe", "Show every node of a network: operation, shape, parameters, multiply-adds");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("network", options->subject,
                   "Architecture that apatite models lists, or a weights file")
      ->required()
      ->type_name("NAME|WEIGHTS");
  command
      ->add_option("--height", options->height,
                   "Height of the input in pixels (default: that of the weights file's recipe, "
                   "or the usual one of the architecture)")
      ->type_name("PIXELS");
  command
      ->add_option("--width", options->width,
                   "Width of the input in pixels (default: as for --height)")
      ->type_name("PIXELS");
  add_model_options(*command, options->model);
  command->add_flag(
      "--taps", options->taps,
      "Print only the nodes that are usually explained (the layers for apatite explain), "
      "with their shapes");
  command->add_flag("--json", options->json, "Print JSON instead of a table");
  command->footer(
      "Examples:\n"
      "  apatite describe resnet101\n"
      "  apatite describe densenet201 --height 512 --width 448 --num-classes 2\n"
      "  apatite describe model.safetensors --json");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
