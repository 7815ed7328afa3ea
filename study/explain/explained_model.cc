#include "study/explain/explained_model.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/text.h"
#include "gradcam/picture/render.h"
#include "image/input.h"
#include "study/explain/class_target.h"

namespace apatite::study {

std::string method_names(const MapChoice& choice) {
  std::vector<std::string> names;
  for (const gradcam::Method method : choice.methods) {
    names.emplace_back(gradcam::info_of(method).name);
  }
  return join(names);
}

Fingerprint fingerprint_of(const WantedMaps& wanted, const std::string& sign) {
  const gradcam::MethodSettings& settings = wanted.settings;
  return {{"methods", method_names(wanted.maps)},
          {"layers", join(wanted.maps.layers)},
          {"target", wanted.target},
          {"settings", to_text(settings.path_steps) + " " + to_text(settings.smooth_samples) + " " +
                           to_text(settings.smooth_noise) + " " +
                           to_text(static_cast<std::int64_t>(settings.seed)) + sign}};
}

std::vector<gradcam::MapRequest> requests_of(const MapChoice& choice, const engine::Graph& graph) {
  std::vector<engine::NodeId> layers;
  for (const std::string& name : choice.layers) layers.push_back(gradcam::find_layer(graph, name));
  if (layers.empty()) layers.push_back(gradcam::default_layer(graph));
  std::vector<gradcam::MapRequest> requests;
  for (const gradcam::Method method : choice.methods) {
    if (!gradcam::info_of(method).of_layer) {
      requests.push_back({method, graph.input()});
      continue;
    }
    for (const engine::NodeId layer : layers) requests.push_back({method, layer});
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (std::count(requests.begin(), requests.end(), requests[i]) == 1) continue;
    throw Error(ErrorKind::kUsage, gradcam::info_of(requests[i].method).name,
                "is asked for twice at " + graph.node(requests[i].layer).name,
                "name each method and layer once");
  }
  return requests;
}

ExplainedModel::ExplainedModel(ImageModel& model, const WantedMaps& wanted,
                               const engine::Backend& backend,
                               const engine::CompileOptions& options)
    : model_(model),
      backend_(backend),
      options_(options),
      maps_(wanted.maps),
      settings_(wanted.settings),
      target_(parse_target(wanted.target, model.weights().metadata())) {
  gradcam::check_settings(settings_);
  if (recipe().has_fixed_size()) {
    const engine::Shape shape = recipe().output_shape();
    static_cast<void>(explainer(shape.height, shape.width));
  }
}

LoadedImage ExplainedModel::load(const std::filesystem::path& path,
                                 const image::ImageContext& context) {
  image::InputFile file = image::read_input_file(path, model_.decoders());
  if (auto* const stored = std::get_if<image::NpyTensor>(&file)) {
    image::check_tensor(stored->tensor, recipe(), path.string());
    engine::Tensor tensor = std::move(stored->tensor);
    image::Image display = gradcam::to_display(tensor);
    const image::Size size{tensor.dims()[2], tensor.dims()[3]};
    return {{std::move(tensor), gradcam::Projection(size, size, {})}, std::move(display)};
  }
  const image::Image image = recipe().oriented(std::get<image::Image>(std::move(file)));
  engine::Tensor tensor = recipe().apply(image, context);
  const image::Size input{tensor.dims()[2], tensor.dims()[3]};
  return {{std::move(tensor), gradcam::Projection({image.height, image.width}, input,
                                                  recipe().pixel_map(image, context),
                                                  recipe().visible_part(image, context))},
          gradcam::to_display(image)};
}

gradcam::Explainer& ExplainedModel::explainer(std::int64_t height, std::int64_t width) {
  return compiled_.get(height, width, [&] {
    engine::Graph graph = weights().graph(height, width);
    std::vector<gradcam::MapRequest> requests = requests_of(maps_, graph);
    return gradcam::Explainer(std::move(graph), weights(), backend_, options_, std::move(requests),
                              settings_);
  });
}

}  // namespace apatite::study
