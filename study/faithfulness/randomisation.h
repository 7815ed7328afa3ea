// The randomisation check: does a map change when the network loses what it has learned? (Adebayo
// et al., Sanity checks for saliency maps, NeurIPS 2018, section 3: cascading randomisation.)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gradcam/trust/randomised_parameters.h"
#include "gradcam/trust/similarity.h"
#include "image/pixels/image.h"
#include "study/explain/explained_model.h"
#include "study/faithfulness/faithfulness_report.h"

namespace apatite::study {

// The name of a map, "gradcam at layer3.2.relu", or of a method of the input the method alone.
std::string map_name(const engine::Graph& graph, const gradcam::MapRequest& request);

// A map, for an input of this size, at the size at which maps are compared
// (gradcam/trust/similarity.h).
gradcam::SaliencyMap comparison_map(const gradcam::SaliencyMap& map, image::Size input);

class Randomisation {
 public:
  // All references must outlive it. `stages`: the largest number of stages of the cascade. The
  // random weights depend only on the seed of `settings`.
  Randomisation(ExplainedModel& model, const engine::Backend& backend,
                const engine::CompileOptions& compile, const gradcam::MethodSettings& settings,
                std::int64_t stages)
      : model_(model), backend_(backend), compile_(compile), settings_(settings), most_(stages) {}

  // Compares the maps of an image with the maps of the networks whose weights were replaced.
  void add(const ModelInput& input);

  // The figures of the images so far, one element per map.
  [[nodiscard]] const std::vector<RandomisationFigures>& figures() const { return figures_; }

 private:
  // The networks of all stages, for inputs of this size. Only the last size is kept.
  std::vector<gradcam::Explainer>& cascade_for(image::Size size);

  ExplainedModel& model_;
  const engine::Backend& backend_;
  const engine::CompileOptions& compile_;
  const gradcam::MethodSettings& settings_;
  std::int64_t most_;
  std::vector<RandomisationFigures> figures_;
  image::Size size_{};
  std::vector<gradcam::RandomisedStage> stages_;
  std::vector<std::unique_ptr<gradcam::RandomisedParameters>> weights_;
  std::vector<gradcam::Explainer> cascade_;
};

}  // namespace apatite::study
