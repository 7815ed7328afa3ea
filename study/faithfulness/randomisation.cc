#include "study/faithfulness/randomisation.h"

#include <span>
#include <utility>

#include "gradcam/map/resample.h"
#include "study/faithfulness/random_streams.h"

namespace apatite::study {
namespace {

void compare(const gradcam::SaliencyMap& own, const gradcam::SaliencyMap& random, image::Size size,
             RandomisationFigures::Stage& stage) {
  const gradcam::SaliencyMap own_grid = comparison_map(own, size);
  const gradcam::SaliencyMap random_grid = comparison_map(random, size);
  if (const auto rank = gradcam::spearman(own_grid, random_grid))
    stage.rank_correlation.push_back(*rank);
  const auto ssim = gradcam::structural_similarity(gradcam::normalized(own_grid),
                                                   gradcam::normalized(random_grid));
  if (ssim) stage.similarity.push_back(*ssim);
  if (gradcam::summarize(random).state != gradcam::MapState::kPositive) ++stage.without_evidence;
}

}  // namespace

std::string map_name(const engine::Graph& graph, const gradcam::MapRequest& request) {
  std::string name(gradcam::info_of(request.method).name);
  if (gradcam::info_of(request.method).of_layer) name += " at " + graph.node(request.layer).name;
  return name;
}

gradcam::SaliencyMap comparison_map(const gradcam::SaliencyMap& map, image::Size input) {
  const image::Size grid = gradcam::comparison_grid(input.height, input.width);
  return gradcam::resize(map, grid.height, grid.width);
}

void Randomisation::add(const ModelInput& input) {
  const image::Size size = input.projection.input();
  gradcam::Explainer& explainer = model_.explainer(size.height, size.width);
  const std::int64_t wanted = model_.target();
  const gradcam::Explanation truth =
      std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
  std::vector<gradcam::Explainer>& cascade = cascade_for(size);
  if (figures_.empty()) {
    for (const gradcam::MapRequest& request : explainer.requests()) {
      RandomisationFigures& map = figures_.emplace_back();
      map.map = map_name(explainer.graph(), request);
      for (const gradcam::RandomisedStage& stage : stages_)
        map.stages.push_back({stage.name, {}, {}, 0});
    }
  }
  for (std::size_t s = 0; s < cascade.size(); ++s) {
    const gradcam::Explanation random =
        std::move(cascade[s].explain(input.tensor, std::span(&truth.target, 1))[0]);
    for (std::size_t r = 0; r < truth.maps.size(); ++r) {
      compare(truth.maps[r], random.maps[r], size, figures_[r].stages[s]);
    }
  }
}

std::vector<gradcam::Explainer>& Randomisation::cascade_for(image::Size size) {
  if (size_ == size) return cascade_;
  const gradcam::Explainer& own = model_.explainer(size.height, size.width);
  cascade_.clear();
  weights_.clear();
  stages_ = gradcam::randomised_stages(own.graph(), most_);
  for (const gradcam::RandomisedStage& stage : stages_) {
    weights_.push_back(std::make_unique<gradcam::RandomisedParameters>(
        model_.weights(), stage, stream_for(RandomPurpose::kRandomWeights, settings_.seed)));
    cascade_.emplace_back(own.graph(), *weights_.back(), backend_, compile_, own.requests(),
                          settings_);
  }
  size_ = size;
  return cascade_;
}

}  // namespace apatite::study
