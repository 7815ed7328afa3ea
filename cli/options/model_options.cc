#include "cli/options/model_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "models/models.h"

namespace apatite::cli {

void add_model_options(CLI::App& command, ModelOptions& options) {
  command
      .add_option("--num-classes", options.classes,
                  "Number of logits; 1 is a head with one logit for two classes (default: that "
                  "of the architecture, see apatite models)")
      ->type_name("N");
  command
      .add_option("--input-channels", options.input_channels,
                  "Number of channels of the input: 1 (grey) or 3 (RGB) (default: 3)")
      ->type_name("N");
  command
      .add_option("--model-options", options.options,
                  "Options of the architecture's family, a JSON object, e.g. '{\"stride_in_1x1\": "
                  "true}' (default: {})")
      ->type_name("JSON");
}

models::ModelConfig make_config(const std::string& architecture, const ModelOptions& options) {
  models::ModelConfig config = models::default_config(architecture);
  if (options.classes) config.classes = *options.classes;
  if (options.input_channels) config.input_channels = *options.input_channels;
  if (!options.options.empty()) config.options = parse_json(options.options, "--model-options");
  models::check_model_config(config);
  return config;
}

void add_class_option(CLI::App& command, std::string& classes) {
  command
      .add_option("--classes", classes,
                  "Names of the classes, separated by commas, in the order of the logits; of "
                  "one logit: negative,positive (default: 0,1,... or negative,positive)")
      ->type_name("A,B,...");
}

}  // namespace apatite::cli
