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

// "gradcam at layer3.2.relu"; of a method of the input its name alone.
std::string map_name(const engine::Graph& graph, const gradcam::MapRequest& request);

// A map of an input of this size on the grid where maps are compared (gradcam/trust/similarity.h).
gradcam::SaliencyMap comparison_map(const gradcam::SaliencyMap& map, image::Size input);

class Randomisation {
 public:
  // All are borrowed. `stages`: of the cascade, at most. The random weights depend on the seed of
  // `settings` alone.
  Randomisation(ExplainedModel& model, const engine::Backend& backend,
                const engine::CompileOptions& compile, const gradcam::MethodSettings& settings,
                std::int64_t stages)
      : model_(model), backend_(backend), compile_(compile), settings_(settings), most_(stages) {}

  // Compares the maps of an image with those of the networks that lost more and more.
  void add(const ModelInput& input);

  // Of the images so far; one per map.
  [[nodiscard]] const std::vector<RandomisationFigures>& figures() const { return figures_; }

 private:
  // For inputs of one size, the last that was asked for.
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
