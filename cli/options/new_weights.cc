#include "cli/options/new_weights.h"

#include <string>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "base/text.h"
#include "cli/terminal/output.h"
#include "engine/backends.h"
#include "image/recipe/recipe.h"
#include "models/describe.h"
#include "models/models.h"
#include "weights/self_test.h"
#include "weights/weights_file.h"

namespace apatite::cli {

namespace {

// All of them, or of many the first and the last.
std::string class_list(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 20;
  if (names.size() <= kMost) return join(names);
  return with_thousands(static_cast<std::int64_t>(names.size())) + ": " + names[0] + ", " +
         names[1] + ", ..., " + names.back();
}

}  // namespace

Json recipe_option(const std::filesystem::path& path) {
  return path.empty() ? Json() : image::Recipe::read(path).to_json();
}

void write_new_weights(const std::filesystem::path& path, weights::WeightsMetadata metadata,
                       const weights::NamedTensors& tensors) {
  const image::Recipe recipe = image::Recipe::from_json(metadata.recipe, "recipe");
  if (recipe.channels() != metadata.model.input_channels) {
    throw Error(ErrorKind::kUsage, "recipe",
                "makes images of " + to_text(recipe.channels()) + " channels, the network takes " +
                    to_text(metadata.model.input_channels),
                "pass a --recipe that fits");
  }
  const engine::Shape input = weights::default_input(metadata.model);
  const engine::Graph graph = models::build_model(metadata.model, input.height, input.width);
  metadata.self_test =
      weights::make_self_test(graph, weights::NamedParameters(tensors), engine::find_backend({}));
  weights::write_weights(path, metadata, tensors);
  print(table({
      {"wrote", path.string()},
      {"sha256", sha256_file(path)},
      {"network", metadata.model.architecture + ", " +
                      with_thousands(models::total_cost(graph).parameters) + " parameters"},
      {"classes", class_list(metadata.class_names)},
  }));
}

}  // namespace apatite::cli
