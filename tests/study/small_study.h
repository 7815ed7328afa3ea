// A small study on the disk: a network of a few thousand weights and images drawn by a formula.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "image/codec/png.h"
#include "image/pixels/image.h"
#include "models/models.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"
#include "weights/conversion/convert.h"
#include "weights/init.h"
#include "weights/weights_file.h"

namespace apatite::study {

// An 8-bit RGB image of noise.
inline void write_noise_png(const std::filesystem::path& path, std::int64_t height,
                            std::int64_t width, std::uint64_t seed) {
  image::Image image = image::make_image<std::uint8_t>(height, width, 3);
  std::uint64_t counter = 0;
  for (std::uint8_t& sample : image.values<std::uint8_t>()) {
    sample = static_cast<std::uint8_t>(random_bits(seed, counter++));
  }
  image::write_png(path, image);
}

inline models::ModelConfig small_model(std::int64_t classes = 2) {
  return {.architecture = "cifar_resnet",
          .classes = classes,
          .input_channels = 3,
          .options = {{"blocks_per_stage", 1}, {"width", 4}}};
}

// Images as they are, whatever their size.
inline Json keep_size_recipe() {
  Json recipe = weights::default_recipe(small_model());
  recipe["steps"] = Json::array();
  return recipe;
}

inline void write_small_weights(const std::filesystem::path& path, const models::ModelConfig& model,
                                const std::vector<std::string>& classes, const Json& recipe) {
  weights::WeightsMetadata metadata;
  metadata.model = model;
  metadata.class_names = classes;
  metadata.recipe = recipe;
  const engine::Graph graph = models::build_model(model, 64, 64);
  weights::write_weights(path, metadata, weights::seeded_tensors(graph, 11));
}

class SmallStudy {
 public:
  // `images` of them in two classes, and weights.safetensors.
  explicit SmallStudy(int images, const Json& recipe = weights::default_recipe(small_model()))
      : images_(images) {
    for (const char* name : {"images", "images/benign", "images/malignant"}) {
      std::filesystem::create_directory(folder_ / name);
    }
    for (int i = 0; i < images; ++i) {
      write_noise_png(image(i), 32, 32, static_cast<std::uint64_t>(i));
    }
    write_small_weights(weights(), small_model(), {"benign", "malignant"}, recipe);
  }

  [[nodiscard]] int size() const { return images_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return folder_ / name;
  }
  [[nodiscard]] std::filesystem::path weights() const { return folder_ / "weights.safetensors"; }
  [[nodiscard]] std::filesystem::path images() const { return folder_ / "images"; }
  // Its name sorts as its number does within its class: 0, 2, 4, ... are benign.
  [[nodiscard]] std::filesystem::path image(int number) const {
    const std::string digits = std::to_string(1000 + number).substr(1);
    return images() / (number % 2 == 0 ? "benign" : "malignant") / (digits + ".png");
  }

 private:
  TemporaryFolder folder_;
  int images_;
};

}  // namespace apatite::study
