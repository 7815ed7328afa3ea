#include "gradcam/map/explainer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/normal.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/backend/targets.h"
#include "engine/runtime/fp_environment.h"
#include "gradcam/map/cam.h"
#include "gradcam/map/resample.h"
#include "layers/differentiate.h"
#include "layers/softmax.h"
#include "models/describe.h"

namespace apatite::gradcam {
namespace {

std::string candidates(const engine::Graph& graph) {
  std::vector<std::string> names;
  for (const engine::NodeId id : models::candidate_taps(graph))
    names.push_back(graph.node(id).name);
  return names.empty() ? "this network has none" : "candidates: " + join(names);
}

bool influences_the_logits(const engine::Graph& graph, engine::NodeId layer) {
  std::vector<bool> needed(graph.nodes().size(), false);
  needed[graph.output()] = true;
  for (engine::NodeId id = graph.output() + 1; id-- > 0;) {
    if (!needed[id]) continue;
    for (const engine::NodeId input : graph.node(id).inputs) needed[input] = true;
  }
  return needed[layer];
}

void check_layer(const engine::Graph& graph, engine::NodeId layer) {
  const engine::Node& node = graph.node(layer);
  if (node.shape.height * node.shape.width == 1) {
    throw Error(
        ErrorKind::kUsage, node.name,
        "has no spatial extent (" + engine::to_text(node.shape) + "): a map of it has one cell",
        candidates(graph));
  }
  if (!influences_the_logits(graph, layer)) {
    throw Error(ErrorKind::kUsage, node.name, "does not influence the logits", candidates(graph));
  }
}

bool needs_gradient_of_layer(Method method) {
  return method == Method::kGradCam || method == Method::kGradCamPlusPlus ||
         method == Method::kHiResCam || method == Method::kLayerCam || method == Method::kGradient;
}

bool needs_path_of_images(Method method) {
  return method == Method::kSmoothGrad || method == Method::kIntegratedGradients;
}

// The values of image `n` of a batch.
std::span<const double> slice(const engine::Tensor64& batch, std::int64_t n) {
  const std::size_t size = batch.size() / static_cast<std::size_t>(batch.dims()[0]);
  return batch.values().subspan(static_cast<std::size_t>(n) * size, size);
}

// max_c |g_c| or, signed, sum_c g_c.
SaliencyMap collapse(std::span<const double> values, const engine::Shape& shape, bool keep_sign) {
  const auto plane = static_cast<std::size_t>(shape.height * shape.width);
  SaliencyMap map{shape.height, shape.width, std::vector<double>(plane, 0.0)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& cell = map.values[i % plane];
    cell = keep_sign ? cell + values[i] : std::max(cell, std::abs(values[i]));
  }
  for (double& cell : map.values) cell += 0.0;
  return map;
}

// The values scaled to [0, 1] by their own range; all 0 if they are equal.
SaliencyMap mask_of(std::span<const double> channel, const engine::Shape& layer,
                    const engine::Shape& input) {
  SaliencyMap mask = resize({layer.height, layer.width, {channel.begin(), channel.end()}},
                            input.height, input.width);
  const auto [low, high] = std::minmax_element(mask.values.begin(), mask.values.end());
  const double least = *low;
  const double range = *high - least;
  for (double& value : mask.values) value = range > 0 ? (value - least) / range : 0.0;
  return mask;
}

}  // namespace

engine::NodeId default_layer(const engine::Graph& graph) {
  const std::vector<engine::NodeId> taps = models::candidate_taps(graph);
  if (taps.empty()) {
    throw Error(ErrorKind::kUsage, "layer", "this network has none with spatial extent",
                "pass larger images");
  }
  return taps.back();
}

engine::NodeId find_layer(const engine::Graph& graph, std::string_view name) {
  const engine::NodeId layer = graph.find(name);
  check_layer(graph, layer);
  return layer;
}

class Explainer::Implementation {
 public:
  Implementation(engine::Graph graph, const engine::ParameterSource& parameters,
                 const engine::Backend& backend, engine::CompileOptions options,
                 std::vector<MapRequest> requests, const MethodSettings& settings)
      : graph_(std::move(graph)),
        parameters_(parameters),
        backend_(backend),
        options_(std::move(options)),
        requests_(std::move(requests)),
        settings_(settings) {
    check_settings(settings_);
    for (MapRequest& request : requests_) {
      if (!info_of(request.method).of_layer) request.layer = graph_.input();
      if (request.layer >= graph_.nodes().size()) {
        throw Error(
            ErrorKind::kUsage, "layer",
            "node " + to_text(static_cast<std::int64_t>(request.layer)) + " does not exist");
      }
      check_layer(graph_, request.layer);
    }
    compile_first_pass();
    for (const MapRequest& request : requests_) {
      if (needs_path_of_images(request.method)) {
        compile_input_gradient();
        break;
      }
    }
  }

  [[nodiscard]] const engine::Graph& graph() const { return graph_; }
  [[nodiscard]] const std::vector<MapRequest>& requests() const { return requests_; }

  std::vector<Explanation> explain(const engine::Tensor& images,
                                   std::span<const std::int64_t> targets) {
    const engine::FpEnvironment environment;
    engine::check_targets(targets, images.dims()[0], graph_.node(graph_.output()).shape.channels);
    const std::vector<engine::Tensor64> results = first_pass_->run64(
        images, first_pass_has_gradients_ ? targets : std::span<const std::int64_t>());
    std::vector<Explanation> explanations;
    for (std::int64_t n = 0; n < images.dims()[0]; ++n) {
      Explanation& one = explanations.emplace_back();
      const std::span<const double> logits = slice(results[0], n);
      one.logits.assign(logits.begin(), logits.end());
      const std::int64_t wanted =
          targets.empty() ? engine::kPredicted : targets[static_cast<std::size_t>(n)];
      one.target = wanted == engine::kPredicted ? engine::predicted_class(logits) : wanted;
      one.score = engine::score_of(logits, one.target);
      for (const MapRequest& request : requests_) {
        one.maps.push_back(map_of(request, results, images, n, one.target));
      }
    }
    return explanations;
  }

  std::vector<std::vector<double>> logits(const engine::Tensor& images) {
    const std::vector<engine::Tensor64> results = plain().run64(images);
    std::vector<std::vector<double>> rows;
    for (std::int64_t n = 0; n < images.dims()[0]; ++n) {
      const std::span<const double> row = slice(results[0], n);
      rows.emplace_back(row.begin(), row.end());
    }
    return rows;
  }

 private:
  // Output number of each layer's values and gradient in the first pass.
  struct Tap {
    engine::NodeId layer;
    std::size_t values = 0;
    std::size_t gradient = 0;
  };

  // Logits, the layers' values and the gradients there, in one graph.
  void compile_first_pass() {
    std::vector<engine::NodeId> wrt;
    for (const MapRequest& request : requests_) {
      if (needs_gradient_of_layer(request.method)) wrt.push_back(request.layer);
    }
    std::sort(wrt.begin(), wrt.end());
    wrt.erase(std::unique(wrt.begin(), wrt.end()), wrt.end());
    engine::CompileOptions options = options_;
    options.outputs = {graph_.output()};
    for (const MapRequest& request : requests_) {
      if (needs_path_of_images(request.method) || tap_of(request.layer) != nullptr) continue;
      taps_.push_back({.layer = request.layer, .values = options.outputs.size()});
      options.outputs.push_back(request.layer);
    }
    if (wrt.empty()) {
      first_pass_ = backend_.compile(graph_, parameters_, options);
      return;
    }
    const layers::Differentiated both = layers::differentiate(graph_, wrt);
    for (std::size_t i = 0; i < wrt.size(); ++i) {
      tap_of(wrt[i])->gradient = options.outputs.size();
      options.outputs.push_back(both.gradients[i]);
    }
    first_pass_ = backend_.compile(both.graph, parameters_, options);
    first_pass_has_gradients_ = true;
  }

  void compile_input_gradient() {
    const engine::NodeId input = graph_.input();
    const layers::Differentiated both = layers::differentiate(graph_, std::span(&input, 1));
    engine::CompileOptions options = options_;
    options.outputs = {both.gradients[0]};
    input_gradient_ = backend_.compile(both.graph, parameters_, options);
  }

  engine::Executable& plain() {
    if (!plain_) {
      engine::CompileOptions options = options_;
      options.outputs = {graph_.output()};
      plain_ = backend_.compile(graph_, parameters_, options);
    }
    return *plain_;
  }

  Tap* tap_of(engine::NodeId layer) {
    const auto found = std::find_if(taps_.begin(), taps_.end(),
                                    [&](const Tap& tap) { return tap.layer == layer; });
    return found == taps_.end() ? nullptr : &*found;
  }

  SaliencyMap map_of(const MapRequest& request, const std::vector<engine::Tensor64>& results,
                     const engine::Tensor& images, std::int64_t n, std::int64_t target) {
    const engine::Shape& input = graph_.node(graph_.input()).shape;
    const std::span<const float> image = images.values().subspan(
        static_cast<std::size_t>(n * input.size()), static_cast<std::size_t>(input.size()));
    if (request.method == Method::kSmoothGrad) return smooth_grad(image, target);
    if (request.method == Method::kIntegratedGradients) return integrated_gradients(image, target);
    const Tap& tap = *tap_of(request.layer);
    const engine::Shape& shape = graph_.node(request.layer).shape;
    const std::span<const double> values = slice(results[tap.values], n);
    if (request.method == Method::kScoreCam) return score_cam(values, shape, image, target);
    const LayerValues layer{values, slice(results[tap.gradient], n), shape};
    switch (request.method) {
      case Method::kGradCam:
        return grad_cam(layer);
      case Method::kGradCamPlusPlus:
        return grad_cam_plus_plus(layer);
      case Method::kHiResCam:
        return hires_cam(layer);
      case Method::kLayerCam:
        return layer_cam(layer);
      default:
        return collapse(layer.gradient, shape, settings_.keep_sign);
    }
  }

  // Runs `network` on `count` images, which make(i, to) makes, in batches. `take` gets the result
  // of each image in order. `target` is needed if the result is a gradient.
  void run_many(engine::Executable& network, std::int64_t count, std::optional<std::int64_t> target,
                const std::function<void(std::int64_t, std::span<float>)>& make,
                const std::function<void(std::span<const double>)>& take) {
    const engine::Shape& input = graph_.node(graph_.input()).shape;
    const auto size = static_cast<std::size_t>(input.size());
    for (std::int64_t first = 0; first < count; first += settings_.batch) {
      const std::int64_t batch = std::min(settings_.batch, count - first);
      auto images = engine::Tensor::uninitialized(input.with_batch(batch));
      for (std::int64_t i = 0; i < batch; ++i) {
        make(first + i, images.values().subspan(static_cast<std::size_t>(i) * size, size));
      }
      const std::vector<std::int64_t> targets(target ? static_cast<std::size_t>(batch) : 0U,
                                              target.value_or(0));
      const engine::Tensor64 results = std::move(network.run64(images, targets)[0]);
      for (std::int64_t i = 0; i < batch; ++i) take(slice(results, i));
    }
  }

  // The sum of the input's gradients over images made by `make`.
  std::vector<double> gradient_sum(
      std::int64_t count, std::int64_t target,
      const std::function<void(std::int64_t, std::span<float>)>& make) {
    std::vector<double> sum(static_cast<std::size_t>(graph_.node(graph_.input()).shape.size()),
                            0.0);
    run_many(*input_gradient_, count, target, make, [&](std::span<const double> gradient) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    });
    return sum;
  }

  SaliencyMap smooth_grad(std::span<const float> image, std::int64_t target) {
    const auto [least, most] = std::minmax_element(image.begin(), image.end());
    const double deviation =
        settings_.smooth_noise * (static_cast<double>(*most) - static_cast<double>(*least));
    std::vector<double> mean = gradient_sum(
        settings_.smooth_samples, target, [&](std::int64_t sample, std::span<float> to) {
          const std::uint64_t stream =
              random_stream(settings_.seed, static_cast<std::uint64_t>(sample));
          for (std::size_t i = 0; i < to.size(); ++i) {
            const double noise = deviation * normal_number(stream, i);
            to[i] = static_cast<float>(image[i] + noise) + 0.0F;
          }
        });
    for (double& value : mean) value /= static_cast<double>(settings_.smooth_samples);
    return collapse(mean, graph_.node(graph_.input()).shape, settings_.keep_sign);
  }

  SaliencyMap integrated_gradients(std::span<const float> image, std::int64_t target) {
    const std::int64_t steps = settings_.path_steps;
    std::vector<double> values =
        gradient_sum(steps, target, [&](std::int64_t step, std::span<float> to) {
          const double part = static_cast<double>(2 * step + 1) / static_cast<double>(2 * steps);
          for (std::size_t i = 0; i < to.size(); ++i) {
            to[i] = static_cast<float>(part * static_cast<double>(image[i])) + 0.0F;
          }
        });
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = image[i] * (values[i] / static_cast<double>(steps));
    }
    return collapse(values, graph_.node(graph_.input()).shape, true);
  }

  SaliencyMap score_cam(std::span<const double> values, const engine::Shape& layer,
                        std::span<const float> image, std::int64_t target) {
    const engine::Shape& input = graph_.node(graph_.input()).shape;
    const auto plane = static_cast<std::size_t>(layer.height * layer.width);
    std::vector<double> scores;
    run_many(
        plain(), layer.channels, std::nullopt,
        [&](std::int64_t k, std::span<float> to) {
          const SaliencyMap mask =
              mask_of(values.subspan(static_cast<std::size_t>(k) * plane, plane), layer, input);
          for (std::size_t i = 0; i < to.size(); ++i) {
            const double weight = mask.values[i % mask.values.size()];
            to[i] = static_cast<float>(weight * static_cast<double>(image[i])) + 0.0F;
          }
        },
        [&](std::span<const double> logits) {
          scores.push_back(engine::score_of(logits, target));
        });
    return weighted_sum(values, layers::softmax(scores), layer);
  }

  engine::Graph graph_;
  const engine::ParameterSource& parameters_;
  const engine::Backend& backend_;
  engine::CompileOptions options_;
  std::vector<MapRequest> requests_;
  MethodSettings settings_;
  std::vector<Tap> taps_;
  std::unique_ptr<engine::Executable> first_pass_;
  bool first_pass_has_gradients_ = false;
  std::unique_ptr<engine::Executable> input_gradient_;  // if a method needs it
  std::unique_ptr<engine::Executable> plain_;           // the logits alone, when first needed
};

Explainer::Explainer(engine::Graph graph, const engine::ParameterSource& parameters,
                     const engine::Backend& backend, const engine::CompileOptions& options,
                     std::vector<MapRequest> requests, const MethodSettings& settings)
    : implementation_(std::make_unique<Implementation>(std::move(graph), parameters, backend,
                                                       options, std::move(requests), settings)) {}
Explainer::~Explainer() = default;
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;

const engine::Graph& Explainer::graph() const { return implementation_->graph(); }
const std::vector<MapRequest>& Explainer::requests() const { return implementation_->requests(); }

std::vector<Explanation> Explainer::explain(const engine::Tensor& images,
                                            std::span<const std::int64_t> targets) {
  return implementation_->explain(images, targets);
}

std::vector<std::vector<double>> Explainer::logits(const engine::Tensor& images) {
  return implementation_->logits(images);
}

}  // namespace apatite::gradcam
