#include "study/run/image_model.h"

#include "base/error.h"
#include "base/text.h"
#include "image/input.h"

namespace apatite::study {

image::Recipe recipe_in_weights(const weights::WeightsMetadata& metadata, const std::string& file) {
  return image::Recipe::from_json(metadata.recipe, file + " (recipe)");
}

image::Recipe recipe_for(const weights::WeightsFile& weights, const std::filesystem::path& path) {
  if (path.empty() && weights.metadata().recipe.is_null()) {
    throw Error(ErrorKind::kUsage, weights.where(), "holds no recipe for its images",
                "pass one with --recipe");
  }
  image::Recipe recipe = path.empty() ? recipe_in_weights(weights.metadata(), weights.where())
                                      : image::Recipe::read(path);
  const std::int64_t channels = weights.metadata().model.input_channels;
  if (recipe.channels() != channels) {
    throw Error(ErrorKind::kUsage, "recipe",
                "makes images of " + to_text(recipe.channels()) + " channels, the network takes " +
                    to_text(channels),
                "set the recipe's channels");
  }
  return recipe;
}

ImageModel::ImageModel(const std::filesystem::path& weights, const std::filesystem::path& recipe,
                       std::size_t decoders)
    : weights_(weights),
      recipe_(recipe_for(weights_, recipe)),
      decoders_(decoders, image::image_decoder(recipe_)) {}

}  // namespace apatite::study
