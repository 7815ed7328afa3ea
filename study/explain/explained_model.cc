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

namespace apatite {
namespace {

// Sizes kept compiled: enough for a study that alternates between a few, little memory.
constexpr std::size_t kMostCompiled = 4;

bool is_tensor(std::span<const std::byte> file, std::string_view where) {
  if (!is_npy(file)) return false;
  const NpyHeader::Type type = read_npy_header(file, where).type;
  return type == NpyHeader::Type::kFloat32 || type == NpyHeader::Type::kFloat64;
}

}  // namespace

struct ExplainedModel::Compiled {
  std::int64_t height;
  std::int64_t width;
  Explainer explainer;
};

std::vector<MapRequest> requests_of(const MapChoice& choice, const Graph& graph) {
  std::vector<NodeId> layers;
  for (const std::string& name : choice.layers) layers.push_back(find_layer(graph, name));
  if (layers.empty()) layers.push_back(default_layer(graph));
  std::vector<MapRequest> requests;
  for (const Method method : choice.methods) {
    if (!info_of(method).of_layer) {
      requests.push_back({method, graph.input()});
      continue;
    }
    for (const NodeId layer : layers) requests.push_back({method, layer});
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (std::count(requests.begin(), requests.end(), requests[i]) == 1) continue;
    throw Error(ErrorKind::kUsage, info_of(requests[i].method).name,
                "is asked for twice at " + graph.node(requests[i].layer).name,
                "name each method and layer once");
  }
  return requests;
}

ExplainedModel::ExplainedModel(const ModelChoice& choice, const Backend& backend,
                               const CompileOptions& options, std::size_t decoders)
    : weights_(choice.weights),
      recipe_(recipe_for(weights_, choice.recipe)),
      decoders_(decoders, image_decoder(recipe_)),
      backend_(backend),
      options_(options),
      maps_(choice.maps),
      settings_(choice.settings),
      target_(parse_target(choice.target, weights_.metadata())) {
  check_settings(settings_);
  if (recipe_.has_fixed_size()) {
    const Shape shape = recipe_.output_shape();
    static_cast<void>(explainer(shape.height, shape.width));
  }
}

ExplainedModel::~ExplainedModel() = default;

LoadedImage ExplainedModel::load(const std::filesystem::path& path, const ImageContext& context) {
  {
    const MappedFile file(path);
    if (is_tensor(file.bytes(), path.string())) {
      ModelInput input = tensor_input(decode_npy_tensor(file.bytes(), path.string()).tensor);
      Image display = to_display(input.tensor);
      return {std::move(input), std::move(display)};
    }
  }
  const Image image = recipe_.oriented(decoders_.decode(path));
  Tensor tensor = recipe_.apply(image, context);
  const PixelSize input{tensor.dims()[2], tensor.dims()[3]};
  return {{std::move(tensor),
           Projection({image.height, image.width}, input, recipe_.pixel_map(image, context),
                      recipe_.visible_part(image, context))},
          to_display(image)};
}

ModelInput ExplainedModel::tensor_input(Tensor tensor) const {
  const Shape shape{tensor.dims()[1], tensor.dims()[2], tensor.dims()[3]};
  const bool fits = recipe_.has_fixed_size() ? shape == recipe_.output_shape()
                                             : shape.channels == recipe_.channels();
  if (!fits) {
    throw Error(ErrorKind::kBadFile, "tensor",
                "of " + to_text(shape) + " is not what the recipe gives",
                "store channels x height x width as the network takes them");
  }
  const PixelSize size{shape.height, shape.width};
  return {std::move(tensor), Projection(size, size, {})};
}

Explainer& ExplainedModel::explainer(std::int64_t height, std::int64_t width) {
  const auto found = std::find_if(compiled_.begin(), compiled_.end(), [&](const Compiled& entry) {
    return entry.height == height && entry.width == width;
  });
  if (found != compiled_.end()) {
    compiled_.splice(compiled_.begin(), compiled_, found);
    return compiled_.front().explainer;
  }
  Graph graph = weights_.graph(height, width);
  std::vector<MapRequest> requests = requests_of(maps_, graph);
  if (compiled_.size() == kMostCompiled) compiled_.pop_back();
  compiled_.push_front(
      {height, width,
       Explainer(std::move(graph), weights_, backend_, options_, std::move(requests), settings_)});
  return compiled_.front().explainer;
}

}  // namespace apatite
