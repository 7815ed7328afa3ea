// Writes the files of the maps of one image.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gradcam/picture/render.h"
#include "study/explain/explain.h"
#include "study/explain/explanation_files.h"
#include "study/run/manifest.h"
#include "weights/metadata.h"

namespace apatite::study {

// "layer", "input", "source".
std::string_view name_of(MapSize size);

struct ModelIdentity {
  std::string name;  // of the weights file, unique among the models
  const weights::WeightsMetadata* metadata = nullptr;
  std::string weights_sha256;
  std::string recipe_sha256;
};

class ExplanationWriter {
 public:
  // `options` and the metadata must outlive it. `images`: the number of images in the run.
  ExplanationWriter(const ExplainOptions& options, std::vector<ModelIdentity> models,
                    std::string backend, std::size_t images);

  [[nodiscard]] const std::vector<ModelIdentity>& models() const { return models_; }

  // Writes the files of image `index` (study/explain/explain.h). Returns what the journal keeps:
  // the rows of explanations.csv, then one more row for the contact sheet, with the predicted
  // class, a note, the picture and the thumbnail. Several threads may call it at once.
  [[nodiscard]] std::string write(const ManifestEntry& entry, std::size_t index,
                                  const std::vector<ExplainedMap>& maps,
                                  const image::Image& display) const;

 private:
  [[nodiscard]] Json provenance_of(const ExplainedMap& explained) const;
  [[nodiscard]] gradcam::SaliencyMap written_map(const ExplainedMap& explained) const;
  // "maps/007-name.MODEL.METHOD.LAYER", without an ending.
  [[nodiscard]] std::string base_name(const ExplainedMap& explained, std::size_t index) const;
  // Writes the .npy, the JSON and the overlay of one map.
  void write_map(const ExplainedMap& explained, const image::Image& display,
                 const std::string& name) const;
  void write_panel(const std::vector<ExplainedMap>& maps, const image::Image& display,
                   const std::string& name) const;

  const ExplainOptions& options_;
  gradcam::MapStyle style_;
  std::vector<ModelIdentity> models_;
  std::string backend_;
  std::size_t images_;
};

}  // namespace apatite::study
