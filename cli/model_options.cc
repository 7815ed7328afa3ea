#include "cli/model_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "models/models.h"

namespace apatite {

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("--num-classes", options.classes, "Number of logits; 1 is a one-logit head")
      ->type_name("N");
  command.add_option("--input-channels", options.input_channels, "1 (grey) or 3 (RGB)")
      ->type_name("N");
  command
      .add_option("--model-options", options.options,
                  "Options of the family as JSON, e.g. '{\"stride_in_1x1\": true}'")
      ->type_name("JSON");
}

ModelConfig make_config(const std::string& architecture, const ModelOptions& options) {
  ModelConfig config = default_config(architecture);
  if (options.classes) config.classes = *options.classes;
  if (options.input_channels) config.input_channels = *options.input_channels;
  if (!options.options.empty()) config.options = parse_json(options.options, "--model-options");
  check_model_config(config);
  return config;
}

Shape default_input(const std::string& architecture) {
  const auto list = models();
  const auto found = std::find_if(
      list.begin(), list.end(), [&](const ModelInfo& model) { return model.name == architecture; });
  if (found == list.end()) default_config(architecture);  // throws with the nearest names
  return found->default_input;
}

}  // namespace apatite
