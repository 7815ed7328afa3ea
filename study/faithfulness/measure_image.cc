#include "study/faithfulness/measure_image.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "gradcam/map/resample.h"
#include "gradcam/trust/removal.h"
#include "gradcam/trust/similarity.h"
#include "study/explain/class_target.h"
#include "study/faithfulness/random_streams.h"
#include "study/faithfulness/randomisation.h"
#include "study/run/network.h"

namespace apatite::study {
namespace {

struct NamedMap {
  std::string name;
  gradcam::SaliencyMap map;  // signed
};

// A stream of its own for every image.
std::uint64_t stream_of(const FaithfulnessOptions& options, RandomPurpose purpose,
                        std::size_t image) {
  return random_stream(stream_for(purpose, options.settings.seed), image);
}

// Uniform cells of the size of `like`.
gradcam::SaliencyMap random_map(const gradcam::SaliencyMap& like, std::uint64_t stream) {
  gradcam::SaliencyMap map{like.height, like.width, {}};
  for (std::size_t i = 0; i < like.values.size(); ++i) {
    map.values.push_back(random_unit(stream, i));
  }
  return map;
}

// The maps that were asked for, then the random ones.
std::vector<NamedMap> maps_of(const gradcam::Explainer& explainer,
                              const gradcam::Explanation& explanation, std::uint64_t stream) {
  std::vector<NamedMap> maps;
  const gradcam::SaliencyMap* of_layer = nullptr;
  const gradcam::SaliencyMap* of_input = nullptr;
  for (std::size_t r = 0; r < explainer.requests().size(); ++r) {
    const gradcam::MapRequest& request = explainer.requests()[r];
    const bool is_of_layer = gradcam::info_of(request.method).of_layer;
    maps.push_back({map_name(explainer.graph(), request), explanation.maps[r]});
    const gradcam::SaliencyMap*& like = is_of_layer ? of_layer : of_input;
    if (like == nullptr) like = &explanation.maps[r];
  }
  if (of_layer != nullptr) maps.push_back({"random", random_map(*of_layer, stream)});
  if (of_input != nullptr) maps.push_back({"random-pixels", random_map(*of_input, stream)});
  return maps;
}

// The probabilities of one class for inputs of one size.
class ClassProbability {
 public:
  ClassProbability(gradcam::Explainer& explainer, std::int64_t target, std::int64_t batch)
      : explainer_(explainer), target_(target), batch_(static_cast<std::size_t>(batch)) {}

  std::vector<double> operator()(const std::vector<engine::Tensor>& images) {
    std::vector<const engine::Tensor*> all;
    for (const engine::Tensor& image : images) all.push_back(&image);
    std::vector<double> values;
    for (std::size_t first = 0; first < all.size(); first += batch_) {
      const std::size_t count = std::min(batch_, all.size() - first);
      for (const auto& logits : explainer_.logits(stack(std::span(all).subspan(first, count)))) {
        values.push_back(probability_of(logits, target_));
      }
    }
    return values;
  }

 private:
  gradcam::Explainer& explainer_;
  std::int64_t target_;
  std::size_t batch_;
};

// An input with the class's probability for it.
struct Scored {
  const engine::Tensor& input;
  double probability;
};

// The class's probability after each of `steps` steps, as the pixels of `order` change from `base`
// to `other`; the two ends are known.
std::vector<double> curve(ClassProbability& probability_of_images, const Scored& base,
                          const Scored& other, const std::vector<std::size_t>& order,
                          std::size_t steps) {
  std::vector<engine::Tensor> images;
  for (std::size_t step = 1; step < steps; ++step) {
    images.push_back(gradcam::with_pixels(base.input, other.input, order,
                                          gradcam::pixels_at(step, steps, order.size())));
  }
  std::vector<double> values{base.probability};
  for (const double p : probability_of_images(images)) values.push_back(p);
  values.push_back(other.probability);
  return values;
}

// Every pair of the first `count` maps.
void compare_maps(const std::vector<NamedMap>& maps, std::size_t count, image::Size input,
                  ImageFigures& figures) {
  std::vector<gradcam::SaliencyMap> grids;
  for (std::size_t i = 0; i < count; ++i) grids.push_back(comparison_map(maps[i].map, input));
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      figures.rank_correlation.push_back(gradcam::spearman(grids[a], grids[b]));
      figures.similarity.push_back(gradcam::structural_similarity(gradcam::normalized(grids[a]),
                                                                  gradcam::normalized(grids[b])));
    }
  }
}

}  // namespace

ImageFigures measure_image(ExplainedModel& model, const FaithfulnessOptions& options,
                           const ListedImage& image, const ModelInput& input,
                           const std::optional<gradcam::Region>& region) {
  const image::Size size = input.projection.input();
  gradcam::Explainer& explainer = model.explainer(size.height, size.width);
  const std::int64_t wanted = model.target();
  const gradcam::Explanation explanation =
      std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
  ImageFigures figures{.image = image.entry.image,
                       .label = image.entry.label,
                       .patient = image.entry.patient,
                       .target = class_name(explanation.target, model.weights().metadata()),
                       .probability = probability_of(explanation.logits, explanation.target)};
  const std::vector<NamedMap> maps =
      maps_of(explainer, explanation, stream_of(options, RandomPurpose::kRandomMap, image.index));
  ClassProbability probability(explainer, explanation.target, options.batch);
  const engine::Tensor removed_image = gradcam::removed_image(input.tensor, options.removal);
  const Scored whole{input.tensor, figures.probability};
  const Scored removed{removed_image, probability({removed_image})[0]};
  const std::uint64_t order_stream =
      stream_of(options, RandomPurpose::kOrderOfEqualPixels, image.index);
  const auto steps = static_cast<std::size_t>(options.steps);
  for (const NamedMap& named : maps) {
    MapFigures map{.map = named.name,
                   .state = std::string(gradcam::name_of(gradcam::summarize(named.map).state))};
    const auto order = gradcam::removal_order(
        gradcam::resize(gradcam::positive_part(named.map), size.height, size.width), order_stream);
    map.deletion = curve(probability, whole, removed, order, steps);
    map.insertion = curve(probability, removed, whole, order, steps);
    map.deletion_area = gradcam::area_under(map.deletion);
    map.insertion_area = gradcam::area_under(map.insertion);
    if (region) {
      const gradcam::Pointing pointing =
          gradcam::point(input.projection.to_source(named.map), *region, options.tolerance);
      map.hit = pointing.hit;
      map.energy_inside = pointing.energy_inside;
    }
    figures.maps.push_back(std::move(map));
  }
  compare_maps(maps, explainer.requests().size(), size, figures);
  return figures;
}

}  // namespace apatite::study
