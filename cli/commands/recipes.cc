// apatite recipes: lists the presets of preprocessing, or prints one of them to start from.
#include <memory>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "image/recipe/recipe.h"
#include "image/recipe/recipe_presets.h"
#include "image/resize/resize.h"

namespace apatite::cli {
namespace {

int run(const std::string& name, bool methods) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> names;
  for (const image::RecipePreset& preset : image::recipe_presets()) {
    rows.push_back({std::string(preset.name), std::string(preset.description)});
    names.emplace_back(preset.name);
  }
  if (methods) {
    rows.clear();
    for (const image::ResizeMethod& method : image::resize_methods()) {
      rows.push_back({std::string(method.name), std::string(method.description)});
    }
  }
  if (name.empty() || methods) {
    print(table(rows));
    return 0;
  }
  if (image::find_recipe_preset(name) == nullptr) {
    throw Error(ErrorKind::kUsage, name, "is no preset",
                "nearest: " + join(nearest(name, names)) + "; apatite recipes lists all");
  }
  print(to_text(image::Recipe::read(name).to_json()));
  return 0;
}

}  // namespace

void add_recipes(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("recipes", "List the presets of preprocessing, or print one");
  const auto name = std::make_shared<std::string>();
  const auto methods = std::make_shared<bool>(false);
  command->add_option("name", *name, "Preset to print as JSON (default: list all presets)")
      ->type_name("NAME");
  command->add_flag("--methods", *methods, "List the resize methods instead of the presets");
  command->footer(
      "Examples:\n"
      "  apatite recipes\n"
      "  apatite recipes torchvision-224 > recipe.json\n"
      "  apatite convert model.pth --recipe keras-caffe -o model.safetensors\n"
      "docs/recipes.md says what the keys mean.");
  command->callback(
      [name, methods, &action] { action = [name, methods] { return run(*name, *methods); }; });
}

}  // namespace apatite::cli
