#include "study/faithfulness/randomisation.h"

#include <span>
#include <utility>

#include "base/random.h"
#include "gradcam/map/resample.h"

namespace apatite {
namespace {

// Of random numbers; faithfulness.cc has the others.
constexpr std::uint64_t kWeightsStream = 4;

void compare(const SaliencyMap& own, const SaliencyMap& random, PixelSize size,
             RandomisationFigures::Stage& stage) {
  const SaliencyMap own_grid = comparison_map(own, size);
  const SaliencyMap random_grid = comparison_map(random, size);
  if (const auto rank = spearman(own_grid, random_grid)) stage.rank_correlation.push_back(*rank);
  const auto ssim = structural_similarity(normalized(own_grid), normalized(random_grid));
  if (ssim) stage.similarity.push_back(*ssim);
  if (summarize(random).state != MapState::kPositive) ++stage.without_evidence;
}

}  // namespace

std::string map_name(const Graph& graph, const MapRequest& request) {
  std::string name(info_of(request.method).name);
  if (info_of(request.method).of_layer) name += " at " + graph.node(request.layer).name;
  return name;
}

SaliencyMap comparison_map(const SaliencyMap& map, PixelSize input) {
  const GridSize grid = comparison_grid(input.height, input.width);
  return resize(map, grid.height, grid.width);
}

void Randomisation::add(const ModelInput& input) {
  const PixelSize size = input.projection.input();
  Explainer& explainer = model_.explainer(size.height, size.width);
  const std::int64_t wanted = model_.target();
  const Explanation truth = std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
  std::vector<Explainer>& cascade = cascade_for(size);
  if (figures_.empty()) {
    for (const MapRequest& request : explainer.requests()) {
      RandomisationFigures& map = figures_.emplace_back();
      map.map = map_name(explainer.graph(), request);
      for (const RandomisedStage& stage : stages_) map.stages.push_back({stage.name, {}, {}, 0});
    }
  }
  for (std::size_t s = 0; s < cascade.size(); ++s) {
    const Explanation random =
        std::move(cascade[s].explain(input.tensor, std::span(&truth.target, 1))[0]);
    for (std::size_t r = 0; r < truth.maps.size(); ++r) {
      compare(truth.maps[r], random.maps[r], size, figures_[r].stages[s]);
    }
  }
}

std::vector<Explainer>& Randomisation::cascade_for(PixelSize size) {
  if (size_ == size) return cascade_;
  const Explainer& own = model_.explainer(size.height, size.width);
  cascade_.clear();
  weights_.clear();
  stages_ = randomised_stages(own.graph(), most_);
  for (const RandomisedStage& stage : stages_) {
    weights_.push_back(std::make_unique<RandomisedParameters>(
        model_.weights(), stage, random_stream(settings_.seed, kWeightsStream)));
    cascade_.emplace_back(own.graph(), *weights_.back(), backend_, compile_, own.requests(),
                          settings_);
  }
  size_ = size;
  return cascade_;
}

}  // namespace apatite
