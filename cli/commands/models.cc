// apatite models: lists the networks that can be built by name.
#include <memory>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "models/models.h"

namespace apatite::cli {
namespace {

int run(bool as_json) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows{{"name", "input", "classes", "description"}};
  for (const models::ModelInfo& model : models::models()) {
    const std::string input = engine::to_text(model.default_input);
    list.push_back({{"name", model.name},
                    {"family", model.family},
                    {"input", input},
                    {"classes", model.default_classes},
                    {"description", model.description}});
    rows.push_back({model.name, input, to_text(model.default_classes), model.description});
  }
  print(as_json ? to_text(list) : table(rows, {2}));
  return 0;
}

}  // namespace

void add_models(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("models", "List the networks that can be built by name");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON instead of a table");
  command->footer(
      "Examples:\n"
      "  apatite models\n"
      "  apatite models --json\n"
      "  apatite describe densenet201      shows the nodes of one of them");
  command->callback([as_json, &action] { action = [as_json] { return run(*as_json); }; });
}

}  // namespace apatite::cli
