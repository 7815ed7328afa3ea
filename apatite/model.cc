#include "apatite/model.h"

#include <list>
#include <mutex>
#include <utility>

#include "base/file.h"
#include "engine/backends.h"
#include "engine/graph/score.h"
#include "engine/runtime/threads.h"
#include "gradcam/map/explainer.h"
#include "gradcam/map/projection.h"
#include "gradcam/map/resample.h"
#include "image/codec/npy.h"
#include "image/decoder/decoder_pool.h"
#include "image/input.h"
#include "image/recipe/recipe.h"
#include "study/explain/class_target.h"
#include "study/predict/scores.h"
#include "study/run/image_run.h"
#include "study/run/network.h"
#include "weights/weights_file.h"

namespace apatite {
namespace {

// Combinations of a size and a kind of map that stay compiled.
constexpr std::size_t kMostCompiled = 4;
// Calls wait for each other, so one process that decodes is enough.
constexpr std::size_t kDecoders = 1;

// An image as the network takes it, and the way back to its pixels.
struct Input {
  engine::Tensor tensor;  // 1 x C x H x W
  gradcam::Projection projection;
};

// What an Explainer is compiled for.
struct ExplainerKey {
  std::int64_t height = 0;
  std::int64_t width = 0;
  gradcam::Method method = gradcam::Method::kGradCam;
  std::string layer;
  bool keep_sign = false;

  bool operator==(const ExplainerKey&) const = default;
};

struct CompiledExplainer {
  ExplainerKey key;
  gradcam::Explainer explainer;
};

// An image that is too small for the network is a defect of the image, not of the options.
template <class Build>
auto refuse_if_too_small(const std::filesystem::path& path, const Build& build) {
  try {
    return build();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUsage) throw;
    throw Error(ErrorKind::kBadFile, path.string(), error.what());
  }
}

// A number that is not finite: the message names the image, too.
template <class Compute>
auto with_path(const std::filesystem::path& path, const Compute& compute) {
  try {
    return compute();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNumeric) throw;
    throw Error(error.kind(), path.string(), error.what());
  }
}

}  // namespace

class Model::Implementation {
 public:
  Implementation(const std::filesystem::path& weights, const ModelOptions& options)
      : weights_(weights),
        recipe_(study::recipe_for(weights_, options.recipe)),
        decoders_(kDecoders, image::image_decoder(recipe_)),
        backend_(engine::find_backend(options.backend)),
        compile_(compile_options(options)),
        network_(weights_, backend_, compile_),
        scores_(weights_.metadata().model.classes, weights_.metadata().class_names) {
    if (!recipe_.has_fixed_size()) return;
    const engine::Shape shape = recipe_.output_shape();
    network_.prepare(shape.height, shape.width);
  }

  [[nodiscard]] const std::vector<std::string>& classes() const {
    return weights_.metadata().class_names;
  }

  Prediction predict(const std::filesystem::path& path) {
    const std::lock_guard lock(mutex_);
    const Input input = load(path);
    const engine::Dims& dims = input.tensor.dims();
    refuse_if_too_small(path, [&] { network_.prepare(dims[2], dims[3]); });
    Prediction prediction;
    const engine::Tensor* const image = &input.tensor;
    prediction.logits = with_path(path, [&] { return network_.logits({&image, 1})[0]; });
    const std::span<const float> logits(prediction.logits);
    prediction.probabilities = scores_.probabilities(logits);
    prediction.predicted = study::class_name(engine::predicted_class(logits), weights_.metadata());
    return prediction;
  }

  Explanation explain(const std::filesystem::path& path, const ExplainOptions& options) {
    const std::lock_guard lock(mutex_);
    const std::int64_t target = study::parse_target(options.target, weights_.metadata());
    const gradcam::Method method = gradcam::find_method(options.method);
    const Input input = load(path);
    const engine::Dims& dims = input.tensor.dims();
    gradcam::Explainer& explainer =
        explainer_for({dims[2], dims[3], method, options.layer, options.keep_sign}, path);
    const gradcam::Explanation computed =
        with_path(path, [&] { return explainer.explain(input.tensor, std::span(&target, 1))[0]; });

    Explanation explanation;
    explanation.layer = explainer.graph().node(explainer.requests()[0].layer).name;
    explanation.target = study::class_name(computed.target, weights_.metadata());
    explanation.score = computed.score;
    explanation.probability = study::probability_of(computed.logits, computed.target);
    explanation.has_evidence =
        gradcam::summarize(computed.maps[0]).state == gradcam::MapState::kPositive;
    const gradcam::SaliencyMap map = sized_map(computed.maps[0], input.projection, options);
    explanation.height = map.height;
    explanation.width = map.width;
    const engine::Tensor values = gradcam::to_tensor(map);
    explanation.values.assign(values.values().begin(), values.values().end());
    return explanation;
  }

 private:
  [[nodiscard]] engine::CompileOptions compile_options(const ModelOptions& options) const {
    engine::CompileOptions compile;
    compile.threads = engine::resolve_threads(options.threads);
    compile.isa = engine::resolve_isa(backend_, options.instruction_set);
    return compile;
  }

  Input load(const std::filesystem::path& path) {
    {
      const MappedFile file(path);
      if (image::is_npy_tensor(file.bytes(), path.string())) {
        engine::Tensor tensor = image::load_input(file.bytes(), recipe_, path.string());
        const std::int64_t height = tensor.dims()[2];
        const std::int64_t width = tensor.dims()[3];
        return {std::move(tensor), gradcam::Projection({height, width}, {height, width}, {})};
      }
    }
    const image::Image image = recipe_.oriented(decoders_.decode(path));
    engine::Tensor tensor = recipe_.apply(image);
    const std::int64_t height = tensor.dims()[2];
    const std::int64_t width = tensor.dims()[3];
    return {std::move(tensor),
            gradcam::Projection({image.height, image.width}, {height, width},
                                recipe_.pixel_map(image), recipe_.visible_part(image))};
  }

  gradcam::Explainer& explainer_for(const ExplainerKey& key, const std::filesystem::path& path) {
    for (auto entry = explainers_.begin(); entry != explainers_.end(); ++entry) {
      if (!(entry->key == key)) continue;
      explainers_.splice(explainers_.begin(), explainers_, entry);
      return explainers_.front().explainer;
    }
    engine::Graph graph =
        refuse_if_too_small(path, [&] { return weights_.graph(key.height, key.width); });
    gradcam::MapRequest request{key.method, graph.input()};
    if (gradcam::info_of(key.method).of_layer) {
      request.layer = key.layer.empty()
                          ? refuse_if_too_small(path, [&] { return gradcam::default_layer(graph); })
                          : gradcam::find_layer(graph, key.layer);
    }
    gradcam::MethodSettings settings;
    settings.keep_sign = key.keep_sign;
    gradcam::Explainer explainer(std::move(graph), weights_, backend_, compile_, {request},
                                 settings);
    if (explainers_.size() == kMostCompiled) explainers_.pop_back();
    explainers_.push_front({key, std::move(explainer)});
    return explainers_.front().explainer;
  }

  static gradcam::SaliencyMap sized_map(const gradcam::SaliencyMap& computed,
                                        const gradcam::Projection& projection,
                                        const ExplainOptions& options) {
    gradcam::SaliencyMap map = options.keep_sign ? computed : gradcam::positive_part(computed);
    switch (options.size) {
      case MapSize::kInput:
        return gradcam::resize(map, projection.input().height, projection.input().width);
      case MapSize::kSource:
        return projection.to_source(map);
      default:
        return map;
    }
  }

  std::mutex mutex_;
  weights::WeightsFile weights_;
  image::Recipe recipe_;
  image::DecoderPool decoders_;  // made before anything that starts threads
  const engine::Backend& backend_;
  engine::CompileOptions compile_;
  study::Network network_;
  study::Scores scores_;
  std::list<CompiledExplainer> explainers_;  // the latest used first
};

Model::Model(const std::filesystem::path& weights, const ModelOptions& options)
    : implementation_(std::make_unique<Implementation>(weights, options)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::vector<std::string>& Model::classes() const { return implementation_->classes(); }

Prediction Model::predict(const std::filesystem::path& image) {
  return implementation_->predict(image);
}

Explanation Model::explain(const std::filesystem::path& image, const ExplainOptions& options) {
  return implementation_->explain(image, options);
}

}  // namespace apatite
