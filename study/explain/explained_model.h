// A network ready to explain images of any size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "gradcam/map/explainer.h"
#include "gradcam/map/projection.h"
#include "image/pixels/image.h"
#include "image/pixels/image_context.h"
#include "study/run/image_model.h"
#include "study/run/journal.h"
#include "study/run/size_cache.h"

namespace apatite::study {

// Which maps of every image: each method at each layer, in this order. Methods of the input count
// once, whatever layers there are.
struct MapChoice {
  std::vector<gradcam::Method> methods;
  std::vector<std::string> layers;  // empty: the default one
};

// The names of the methods, separated by ", ".
std::string method_names(const MapChoice& choice);

// What is asked of a network about an image.
struct WantedMaps {
  MapChoice maps;
  std::string target = "predicted";  // parse_target (study/explain/class_target.h)
  gradcam::MethodSettings settings;
};

// What decides the maps beside weights, recipe and image. `sign` is added to the settings.
Fingerprint fingerprint_of(const WantedMaps& wanted, const std::string& sign = "");

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
  // `model` and `backend` must outlive it. Throws Error (kUsage): settings out of range; a target
  // that is none; a layer that is none, at once if the recipe fixes the input's size, else by
  // explainer().
  ExplainedModel(ImageModel& model, const WantedMaps& wanted, const engine::Backend& backend,
                 const engine::CompileOptions& options);

  [[nodiscard]] const weights::WeightsFile& weights() const { return model_.weights(); }
  [[nodiscard]] const image::Recipe& recipe() const { return model_.recipe(); }
  // kPredicted or a class.
  [[nodiscard]] std::int64_t target() const { return target_; }

  // A picture through the recipe, or a tensor as it is (image/input.h). Any number of threads may
  // call. Throws Error as load_input does.
  [[nodiscard]] LoadedImage load(const std::filesystem::path& path,
                                 const image::ImageContext& context);

  // An image file as it is, e.g. a mask; in a decoder process too.
  [[nodiscard]] image::Image decode(const std::filesystem::path& path) {
    return model_.decoders().decode(path);
  }

  // For inputs of this size; the last few sizes stay compiled. The requests of an explainer whose
  // layers were left to the default may differ between sizes. Throws Error (kUsage) if the input is
  // too small for the network or a layer.
  gradcam::Explainer& explainer(std::int64_t height, std::int64_t width);

 private:
  ImageModel& model_;
  const engine::Backend& backend_;
  engine::CompileOptions options_;
  MapChoice maps_;
  gradcam::MethodSettings settings_;
  std::int64_t target_;
  SizeCache<gradcam::Explainer> compiled_;
};

// The maps of `choice` in `graph`. Throws Error (kUsage), see find_layer.
std::vector<gradcam::MapRequest> requests_of(const MapChoice& choice, const engine::Graph& graph);

}  // namespace apatite::study
