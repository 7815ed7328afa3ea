// A weights file ready to explain images of any size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "gradcam/map/explainer.h"
#include "gradcam/map/projection.h"
#include "image/decoder/decoder_pool.h"
#include "image/pixels/image.h"
#include "image/pixels/image_context.h"
#include "image/recipe/recipe.h"
#include "weights/weights_file.h"

namespace apatite::study {

// Which maps of every image: each method at each layer, in this order. Methods of the input count
// once, whatever layers there are.
struct MapChoice {
  std::vector<gradcam::Method> methods;
  std::vector<std::string> layers;  // empty: the default one
};

// What decides a model's maps beside its weights and recipe.
struct ModelChoice {
  std::filesystem::path weights;
  std::filesystem::path recipe;  // JSON; empty: the one in the weights file
  MapChoice maps;
  std::string target = "predicted";
  gradcam::MethodSettings settings;
};

// One image made ready for one model.
struct ModelInput {
  engine::Tensor tensor;  // 1 x C x H x W
  gradcam::Projection projection;
};

struct LoadedImage {
  ModelInput input;
  image::Image display;  // the source as the recipe sees it, 8-bit RGB (gradcam/picture/render.h)
};

class ExplainedModel {
 public:
  // `decoders`: processes that decode images (image/decoder/decoder_pool.h). Throws Error: what
  // opening the weights and the recipe throws; kUsage for a target or layer that is none, and at
  // once if the recipe fixes the input's size.
  ExplainedModel(const ModelChoice& choice, const engine::Backend& backend,
                 const engine::CompileOptions& options, std::size_t decoders);
  ~ExplainedModel();
  ExplainedModel(const ExplainedModel&) = delete;
  ExplainedModel& operator=(const ExplainedModel&) = delete;

  [[nodiscard]] const weights::WeightsFile& weights() const { return weights_; }
  [[nodiscard]] const image::Recipe& recipe() const { return recipe_; }
  // kPredicted or a class.
  [[nodiscard]] std::int64_t target() const { return target_; }

  // A file through the recipe; the tensor of a .npy as it is. Any number of threads may call.
  // Throws Error as load_input (image/input.h) does.
  [[nodiscard]] LoadedImage load(const std::filesystem::path& path,
                                 const image::ImageContext& context);

  // An image file as it is, e.g. a mask; in a decoder process too.
  [[nodiscard]] image::Image decode(const std::filesystem::path& path) {
    return decoders_.decode(path);
  }

  // For inputs of this size; the last few sizes stay compiled. The requests of an explainer whose
  // layers were left to the default may differ between sizes.
  gradcam::Explainer& explainer(std::int64_t height, std::int64_t width);

 private:
  struct Compiled;

  [[nodiscard]] ModelInput tensor_input(engine::Tensor tensor) const;

  weights::WeightsFile weights_;
  image::Recipe recipe_;
  image::DecoderPool decoders_;  // before anything that starts threads
  const engine::Backend& backend_;
  engine::CompileOptions options_;
  MapChoice maps_;
  gradcam::MethodSettings settings_;
  std::int64_t target_;
  std::list<Compiled> compiled_;  // the latest used first
};

// The maps of `choice` in `graph`. Throws Error (kUsage), see find_layer.
std::vector<gradcam::MapRequest> requests_of(const MapChoice& choice, const engine::Graph& graph);

}  // namespace apatite::study
