// A weights file with the recipe of its images and the processes that decode them.
#pragma once

#include <cstddef>
#include <filesystem>

#include "image/decoder/decoder_pool.h"
#include "image/recipe/recipe.h"
#include "weights/weights_file.h"

namespace apatite::study {

// The recipe inside a weights file, which must have one (metadata.recipe is not null). `file` names
// the file in messages. Throws Error (kBadFile) as Recipe::from_json does.
image::Recipe recipe_in_weights(const weights::WeightsMetadata& metadata, const std::string& file);

// The recipe that belongs to the weights: the file or preset `path` or, if that is empty, the one
// in the weights file. Throws Error: kUsage if there is none, or if it makes images of another
// number of channels than the network takes; else as Recipe::read and Recipe::from_json do.
image::Recipe recipe_for(const weights::WeightsFile& weights,
                         const std::filesystem::path& path = {});

class ImageModel {
 public:
  // `recipe` as for recipe_for(). `decoders`: how many processes decode images
  // (image/decoder/decoder_pool.h); they are forked here, so construct it before other threads
  // start. Throws Error: what opening the weights and the recipe throws.
  ImageModel(const std::filesystem::path& weights, const std::filesystem::path& recipe,
             std::size_t decoders);

  [[nodiscard]] const weights::WeightsFile& weights() const { return weights_; }
  [[nodiscard]] const image::Recipe& recipe() const { return recipe_; }
  // Any number of threads may use the pool.
  [[nodiscard]] image::DecoderPool& decoders() { return decoders_; }

 private:
  weights::WeightsFile weights_;
  image::Recipe recipe_;
  image::DecoderPool decoders_;
};

}  // namespace apatite::study
