#include "study/explain/explain.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/score.h"
#include "gradcam/picture/colour_map.h"
#include "study/explain/class_target.h"
#include "study/explain/explanation_files.h"
#include "study/explain/explanation_lists.h"
#include "study/explain/explanation_writer.h"
#include "study/run/compute_images.h"
#include "study/run/image_run.h"
#include "study/run/network.h"

namespace apatite::study {
namespace {

void check_options(const ExplainOptions& options) {
  check_between("thumbnails", options.thumbnails, 0, 100'000);
  if (options.weights.empty()) {
    throw Error(ErrorKind::kUsage, "weights", "no file is given", "pass one with --weights");
  }
  if (options.maps.methods.empty()) {
    throw Error(ErrorKind::kUsage, "method", "none is given", "pass one, e.g. gradcam");
  }
  if (!(options.alpha >= 0 && options.alpha <= 1)) {
    throw Error(ErrorKind::kUsage, "alpha", to_text(options.alpha) + " is not possible",
                "pass 0 (the source alone) to 1");
  }
  static_cast<void>(gradcam::find_colour_map(options.colours));
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "output", "no folder is given", "pass one with --output");
  }
}

// What one model says of an image.
struct ModelResult {
  const gradcam::Explainer* explainer = nullptr;
  gradcam::Explanation explanation;
};

// An image that is ready for every model.
struct ReadyImage {
  image::Image display;
  std::vector<ModelInput> inputs;  // one per model
};

class ExplainTask final : public ImageTask<ReadyImage, std::vector<ModelResult>> {
 public:
  explicit ExplainTask(const ExplainOptions& options)
      : options_(options), run_(options, options.weights) {
    const WantedMaps wanted{options.maps, options.target, options.settings};
    for (ImageModel& model : run_.models()) {
      models_.emplace_back(model, wanted, run_.backend(), run_.compile_options());
    }
    writer_.emplace(options, identities(), std::string(run_.backend().name()),
                    run_.manifest().entries.size());
    make_folder(options.output / "maps");
    Fingerprint parts = fingerprint_of(wanted, options.keep_sign ? " signed" : " positive");
    parts.emplace_back("pictures", std::string(name_of(options.size)) + " " + options.colours +
                                       " " + to_text(options.alpha) + " " +
                                       (options.panel ? "panel " : "") +
                                       to_text(options.thumbnails));
    run_.open_journal(options.output / "explain.partial", parts, options.output);
  }

  ExplainSummary run(const ShowProgress& progress) {
    compute_images(run_, *this, static_cast<std::size_t>(options_.batch), progress);
    ExplainSummary summary = write_explanation_lists(run_, options_);
    run_.finish();
    return summary;
  }

  ReadyImage load(const ListedImage& image) override {
    ReadyImage ready;
    for (ExplainedModel& model : models_) {
      LoadedImage loaded = model.load(image.path, image.entry.context);
      if (ready.inputs.empty()) ready.display = std::move(loaded.display);
      ready.inputs.push_back(std::move(loaded.input));
    }
    return ready;
  }

  [[nodiscard]] bool same_size(const ReadyImage& a, const ReadyImage& b) const override {
    return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(),
                      [](const ModelInput& x, const ModelInput& y) {
                        return x.tensor.dims() == y.tensor.dims();
                      });
  }

  void prepare(const ReadyImage& image) override {
    for (std::size_t m = 0; m < models_.size(); ++m) static_cast<void>(explainer_of(m, image));
  }

  std::vector<std::vector<ModelResult>> compute(
      std::span<const ReadyImage* const> images) override {
    std::vector<std::vector<ModelResult>> results(images.size());
    for (std::size_t m = 0; m < models_.size(); ++m) {
      gradcam::Explainer& explainer = explainer_of(m, *images[0]);
      std::vector<const engine::Tensor*> tensors;
      for (const ReadyImage* image : images) tensors.push_back(&image->inputs[m].tensor);
      const std::vector<std::int64_t> targets(images.size(), models_[m].target());
      std::vector<gradcam::Explanation> explanations = explainer.explain(stack(tensors), targets);
      for (std::size_t i = 0; i < images.size(); ++i) {
        results[i].push_back({&explainer, std::move(explanations[i])});
      }
    }
    return results;
  }

  std::string record(const ListedImage& image, const ReadyImage& loaded,
                     const std::vector<ModelResult>& results) override {
    return writer_->write(image.entry, image.index, maps_of(image, loaded, results),
                          loaded.display);
  }
  // It writes pictures.
  [[nodiscard]] std::size_t record_threads() const override { return run_.workers(); }

 private:
  [[nodiscard]] std::vector<ModelIdentity> identities() const {
    const std::vector<std::string> names = model_names(options_.weights);
    std::vector<ModelIdentity> identities;
    for (const ExplainedModel& model : models_) {
      const weights::WeightsFile& weights = model.weights();
      identities.push_back({.name = names[identities.size()],
                            .metadata = &weights.metadata(),
                            .weights_sha256 = weights.sha256(),
                            .recipe_sha256 = model.recipe().sha256()});
    }
    return identities;
  }

  gradcam::Explainer& explainer_of(std::size_t m, const ReadyImage& image) {
    const engine::Dims& dims = image.inputs[m].tensor.dims();
    return models_[m].explainer(dims[2], dims[3]);
  }

  // Everything that is known of one image's maps, model by model.
  [[nodiscard]] std::vector<ExplainedMap> maps_of(const ListedImage& image,
                                                  const ReadyImage& loaded,
                                                  const std::vector<ModelResult>& results) const {
    std::vector<ExplainedMap> maps;
    for (std::size_t m = 0; m < models_.size(); ++m) {
      const ExplainedModel& model = models_[m];
      const gradcam::Explainer& explainer = *results[m].explainer;
      const gradcam::Explanation& explanation = results[m].explanation;
      for (std::size_t r = 0; r < explainer.requests().size(); ++r) {
        const gradcam::MapRequest& request = explainer.requests()[r];
        const engine::Node& layer = explainer.graph().node(request.layer);
        maps.push_back({.image = image.entry.image,
                        .model = m,
                        .method = std::string(gradcam::info_of(request.method).name),
                        .layer = layer.name,
                        .layer_shape = layer.shape,
                        .target = explanation.target,
                        .target_name = class_name(explanation.target, model.weights().metadata()),
                        .target_predicted = model.target() == engine::kPredicted,
                        .score = explanation.score,
                        .probability = probability_of(explanation.logits, explanation.target),
                        .logits = explanation.logits,
                        .map = explanation.maps[r],
                        .projection = &loaded.inputs[m].projection});
      }
    }
    return maps;
  }

  const ExplainOptions& options_;
  ImageRun run_;
  std::vector<ExplainedModel> models_;
  std::optional<ExplanationWriter> writer_;
};

}  // namespace

ExplainSummary explain(const ExplainOptions& options, const ShowProgress& progress) {
  check_options(options);
  return ExplainTask(options).run(progress);
}

}  // namespace apatite::study
