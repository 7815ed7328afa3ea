#include "apatite/model.h"

#include <list>
#include <mutex>
#include <utility>

#include "engine/backends.h"
#include "engine/graph/score.h"
#include "engine/runtime/threads.h"
#include "gradcam/map/explainer.h"
#include "gradcam/map/projection.h"
#include "gradcam/map/resample.h"
#include "image/input.h"
#include "study/explain/class_target.h"
#include "study/explain/explained_model.h"
#include "study/predict/scores.h"
#include "study/run/image_model.h"
#include "study/run/network.h"

namespace apatite {
namespace {

// Kinds of map that stay compiled, each for a few sizes.
constexpr std::size_t kMostKinds = 4;
// Calls wait for each other, so one process that decodes is enough.
constexpr std::size_t kDecoders = 1;

// What a network is compiled for, beside the size of its input.
struct MapKind {
  gradcam::Method method = gradcam::Method::kGradCam;
  std::string layer;
  bool keep_sign = false;

  bool operator==(const MapKind&) const = default;
};

struct CompiledKind {
  MapKind kind;
  study::ExplainedModel model;
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
      : model_(weights, options.recipe, kDecoders),
        backend_(engine::find_backend(options.backend)),
        compile_(compile_options(options)),
        network_(model_.weights(), backend_, compile_),
        scores_(metadata().model.classes, metadata().class_names) {
    if (!model_.recipe().has_fixed_size()) return;
    const engine::Shape shape = model_.recipe().output_shape();
    network_.prepare(shape.height, shape.width);
  }

  [[nodiscard]] const std::vector<std::string>& classes() const { return metadata().class_names; }

  Prediction predict(const std::filesystem::path& path) {
    const std::lock_guard lock(mutex_);
    const engine::Tensor input = image::load_input(path, model_.recipe(), model_.decoders());
    const engine::Dims& dims = input.dims();
    refuse_if_too_small(path, [&] { network_.prepare(dims[2], dims[3]); });
    Prediction prediction;
    const engine::Tensor* const images[] = {&input};
    prediction.logits = with_path(path, [&] { return network_.logits(images)[0]; });
    const std::span<const float> logits(prediction.logits);
    prediction.probabilities = scores_.probabilities(logits);
    prediction.predicted = study::class_name(engine::predicted_class(logits), metadata());
    return prediction;
  }

  Explanation explain(const std::filesystem::path& path, const ExplainOptions& options) {
    const std::lock_guard lock(mutex_);
    const std::int64_t target = study::parse_target(options.target, metadata());
    study::ExplainedModel& model = explained_model(options);
    const study::ModelInput input = model.load(path, {}).input;
    gradcam::Explainer& explainer = explainer_for(model, input.tensor.dims(), options, path);
    const gradcam::Explanation computed =
        with_path(path, [&] { return explainer.explain(input.tensor, std::span(&target, 1))[0]; });

    Explanation explanation;
    explanation.layer = explainer.graph().node(explainer.requests()[0].layer).name;
    explanation.target = study::class_name(computed.target, metadata());
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

  [[nodiscard]] const weights::WeightsMetadata& metadata() const {
    return model_.weights().metadata();
  }

  // The model for this kind of map, compiled or to be compiled.
  study::ExplainedModel& explained_model(const ExplainOptions& options) {
    const MapKind kind{gradcam::find_method(options.method), options.layer, options.keep_sign};
    for (auto entry = kinds_.begin(); entry != kinds_.end(); ++entry) {
      if (!(entry->kind == kind)) continue;
      kinds_.splice(kinds_.begin(), kinds_, entry);
      return kinds_.front().model;
    }
    study::WantedMaps wanted;
    wanted.maps.methods = {kind.method};
    if (!kind.layer.empty()) wanted.maps.layers = {kind.layer};
    wanted.settings.keep_sign = kind.keep_sign;
    study::ExplainedModel model(model_, wanted, backend_, compile_);
    if (kinds_.size() == kMostKinds) kinds_.pop_back();
    kinds_.push_front({kind, std::move(model)});
    return kinds_.front().model;
  }

  // A layer that was not named exists unless the image is too small.
  static gradcam::Explainer& explainer_for(study::ExplainedModel& model, const engine::Dims& dims,
                                           const ExplainOptions& options,
                                           const std::filesystem::path& path) {
    if (!options.layer.empty()) return model.explainer(dims[2], dims[3]);
    return *refuse_if_too_small(path, [&] { return &model.explainer(dims[2], dims[3]); });
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
  study::ImageModel model_;  // forks the process that decodes, before anything starts threads
  const engine::Backend& backend_;
  engine::CompileOptions compile_;
  study::Network network_;
  study::Scores scores_;
  std::list<CompiledKind> kinds_;  // the latest used first
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
