#include "study/explain/explained_model.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "gradcam/picture/render.h"
#include "image/codec/npy.h"
#include "image/input.h"
#include "study/explain/class_target.h"
#include "study/run/image_run.h"

namespace apatite::study {
namespace {

// Sizes kept compiled: enough for a study that alternates between a few, little memory.
constexpr std::size_t kMostCompiled = 4;

bool is_tensor(std::span<const std::byte> file, std::string_view where) {
  if (!image::is_npy(file)) return false;
  const image::NpyHeader::Type type = image::read_npy_header(file, where).type;
  return type == image::NpyHeader::Type::kFloat32 || type == image::NpyHeader::Type::kFloat64;
}

}  // namespace

struct ExplainedModel::Compiled {
  std::int64_t height;
  std::int64_t width;
  gradcam::Explainer explainer;
};

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

ExplainedModel::ExplainedModel(const ModelChoice& choice, const engine::Backend& backend,
                               const engine::CompileOptions& options, std::size_t decoders)
    : weights_(choice.weights),
      recipe_(recipe_for(weights_, choice.recipe)),
      decoders_(decoders, image::image_decoder(recipe_)),
      backend_(backend),
      options_(options),
      maps_(choice.maps),
      settings_(choice.settings),
      target_(parse_target(choice.target, weights_.metadata())) {
  gradcam::check_settings(settings_);
  if (recipe_.has_fixed_size()) {
    const engine::Shape shape = recipe_.output_shape();
    static_cast<void>(explainer(shape.height, shape.width));
  }
}

ExplainedModel::~ExplainedModel() = default;

LoadedImage ExplainedModel::load(const std::filesystem::path& path,
                                 const image::ImageContext& context) {
  {
    const MappedFile file(path);
    if (is_tensor(file.bytes(), path.string())) {
      ModelInput input = tensor_input(image::decode_npy_tensor(file.bytes(), path.string()).tensor);
      image::Image display = gradcam::to_display(input.tensor);
      return {std::move(input), std::move(display)};
    }
  }
  const image::Image image = recipe_.oriented(decoders_.decode(path));
  engine::Tensor tensor = recipe_.apply(image, context);
  const image::Size input{tensor.dims()[2], tensor.dims()[3]};
  return {{std::move(tensor), gradcam::Projection({image.height, image.width}, input,
                                                  recipe_.pixel_map(image, context),
                                                  recipe_.visible_part(image, context))},
          gradcam::to_display(image)};
}

ModelInput ExplainedModel::tensor_input(engine::Tensor tensor) const {
  const engine::Shape shape{tensor.dims()[1], tensor.dims()[2], tensor.dims()[3]};
  const bool fits = recipe_.has_fixed_size() ? shape == recipe_.output_shape()
                                             : shape.channels == recipe_.channels();
  if (!fits) {
    throw Error(ErrorKind::kBadFile, "tensor",
                "of " + engine::to_text(shape) + " is not what the recipe gives",
                "store channels x height x width as the network takes them");
  }
  const image::Size size{shape.height, shape.width};
  return {std::move(tensor), gradcam::Projection(size, size, {})};
}

gradcam::Explainer& ExplainedModel::explainer(std::int64_t height, std::int64_t width) {
  const auto found = std::find_if(compiled_.begin(), compiled_.end(), [&](const Compiled& entry) {
    return entry.height == height && entry.width == width;
  });
  if (found != compiled_.end()) {
    compiled_.splice(compiled_.begin(), compiled_, found);
    return compiled_.front().explainer;
  }
  engine::Graph graph = weights_.graph(height, width);
  std::vector<gradcam::MapRequest> requests = requests_of(maps_, graph);
  if (compiled_.size() == kMostCompiled) compiled_.pop_back();
  compiled_.push_front({height, width,
                        gradcam::Explainer(std::move(graph), weights_, backend_, options_,
                                           std::move(requests), settings_)});
  return compiled_.front().explainer;
}

}  // namespace apatite::study
