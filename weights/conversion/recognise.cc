#include "weights/conversion/recognise.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/graph.h"
#include "models/models.h"
#include "weights/torch/refusal.h"

namespace apatite::weights {
namespace {

using Kind = NetworkNames::Kind;

constexpr std::string_view kFeatures = "features.";

struct Anchor {
  std::string_view suffix;
  Kind kind;
};

constexpr auto kAnchors = std::to_array<Anchor>({
    {"layer1.0.conv1.weight", Kind::kResNet},
    {"4.0.conv1.weight", Kind::kResNetChildren},
    {"features.denseblock1.denselayer1.norm1.weight", Kind::kDenseNet},
    {"features.denseblock1.denselayer1.norm.1.weight", Kind::kDenseNet},
    {"denseblock1.denselayer1.norm1.weight", Kind::kDenseNetBare},
    {"denseblock1.denselayer1.norm.1.weight", Kind::kDenseNetBare},
});

// children() of torchvision's ResNet: conv1, bn1, relu, maxpool, layer1 to layer4, avgpool, fc.
constexpr auto kResNetChildren = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"0.", "conv1."},
    {"1.", "bn1."},
    {"4.", "layer1."},
    {"5.", "layer2."},
    {"6.", "layer3."},
    {"7.", "layer4."},
    {"9.", "fc."},
});

// torchvision before 0.3 named the parts of a dense layer "norm.1", "conv.1", ...
constexpr auto kOldParts = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".norm.1.", ".norm1."},
    {".conv.1.", ".conv1."},
    {".norm.2.", ".norm2."},
    {".conv.2.", ".conv2."},
});

std::string modern_dense_layer(std::string name) {
  if (name.find("denselayer") == std::string::npos) return name;
  for (const auto& [old_part, part] : kOldParts) {
    if (const auto at = name.find(old_part); at != std::string::npos) {
      return name.replace(at, old_part.size(), part);
    }
  }
  return name;
}

std::string number(std::int64_t value) { return to_text(value); }

// Reads what the names and sizes of one network tell.
class Recogniser {
 public:
  Recogniser(const NamedDims& tensors, std::string_view where) : tensors_(tensors), where_(where) {}

  // Family and options of a ResNet; `input_channels` comes out of the stem.
  models::ModelConfig resnet() const {
    const engine::Dims& stem = weight("conv1.weight");
    std::vector<std::int64_t> layers;
    for (std::int64_t stage = 1;; ++stage) {
      const std::int64_t blocks = count("layer" + number(stage) + ".", 0, ".conv1.weight");
      if (blocks == 0) break;
      layers.push_back(blocks);
    }
    const bool bottleneck = tensors_.contains("layer1.0.conv3.weight");
    const bool cifar = layers.size() == 3 && !bottleneck && stem[2] == 3;
    models::ModelConfig config{cifar ? "cifar_resnet" : "resnet", 1, stem[1], Json::object()};
    if (cifar) {
      config.options["blocks_per_stage"] = layers[0];
    } else {
      config.options["block"] = bottleneck ? "bottleneck" : "basic";
      config.options["layers"] = layers;
    }
    if (stem[0] != (cifar ? 16 : 64)) config.options["width"] = stem[0];
    return config;
  }

  models::ModelConfig densenet() const {
    const engine::Dims& stem = weight("features.conv0.weight");
    const std::string first_layer = "features.denseblock1.denselayer1";
    const std::int64_t growth = weight(first_layer + ".conv2.weight")[0];
    const std::int64_t bottleneck = weight(first_layer + ".conv1.weight")[0];
    if (growth == 0) refuse(first_layer + ".conv2.weight has no channels");
    std::vector<std::int64_t> blocks;
    for (std::int64_t block = 1;; ++block) {
      const std::string prefix = "features.denseblock" + number(block) + ".denselayer";
      const std::int64_t layers = count(prefix, 1, ".conv1.weight");
      if (layers == 0) break;
      blocks.push_back(layers);
    }
    models::ModelConfig config{"densenet", 1, stem[1], {{"growth", growth}, {"blocks", blocks}}};
    if (!tensors_.contains("features.norm0.weight")) config.options["stem"] = "cifar";
    if (stem[0] != 2 * growth) config.options["stem_channels"] = stem[0];
    if (bottleneck / growth != 4) config.options["bn_size"] = bottleneck / growth;
    if (tensors_.contains("features.transition1.conv.weight")) {
      const engine::Dims& transition = weight("features.transition1.conv.weight");
      if (transition[0] != transition[1] / 2) {
        config.options["compression"] =
            static_cast<double>(transition[0]) / static_cast<double>(transition[1]);
      }
    }
    return config;
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, what,
                "give the state dict of a network that `apatite models` lists");
  }

 private:
  // Sizes of a convolution's weight.
  const engine::Dims& weight(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) refuse("has no tensor " + name);
    if (found->second.size() != 4) {
      refuse(name + " is " + engine::to_text(std::span<const std::int64_t>(found->second)) +
             ", not the weight of a convolution");
    }
    return found->second;
  }
  // How many of prefix + (first, first + 1, ...) + suffix there are without a gap.
  std::int64_t count(const std::string& prefix, std::int64_t first, std::string_view suffix) const {
    std::int64_t n = 0;
    while (tensors_.contains(prefix + number(first + n) + std::string(suffix))) ++n;
    return n;
  }

  const NamedDims& tensors_;
  std::string_view where_;
};

// Large enough for any network: the parameters do not depend on the input's size.
constexpr std::int64_t kProbeSize = 1024;

bool same_parameters(const engine::Graph& a, const engine::Graph& b) {
  return std::ranges::equal(a.parameters(), b.parameters(),
                            [](const engine::Parameter& p, const engine::Parameter& q) {
                              return p.name == q.name && p.dims == q.dims;
                            });
}

// The preset of the same family with the same parameters, or `config` itself.
models::ModelConfig as_preset(const models::ModelConfig& config, const Json& user) {
  const engine::Graph graph = models::build_model(config, kProbeSize, kProbeSize);
  for (const models::ModelInfo& info : models::models()) {
    if (info.family != config.architecture || info.name == info.family) continue;
    const models::ModelConfig preset{info.name, config.classes, config.input_channels, user};
    try {
      if (same_parameters(models::build_model(preset, kProbeSize, kProbeSize), graph))
        return preset;
    } catch (const Error&) {
      continue;  // the user's options are none of this preset's
    }
  }
  return config;
}

const models::ModelInfo& find_model(std::string_view name) {
  const std::string known = models::default_config(name).architecture;  // throws on an unknown name
  return *std::ranges::find(models::models(), known, &models::ModelInfo::name);
}

}  // namespace

std::string NetworkNames::canonical(std::string_view name) const {
  if (!name.starts_with(prefix)) return std::string(name);
  std::string rest(name.substr(prefix.size()));
  switch (kind) {
    case Kind::kResNet:
      return rest;
    case Kind::kResNetChildren:
      for (const auto& [child, own] : kResNetChildren) {
        if (rest.starts_with(child)) return std::string(own) + rest.substr(child.size());
      }
      return rest;
    case Kind::kDenseNet:
      return modern_dense_layer(std::move(rest));
    case Kind::kDenseNetBare:
      for (const std::string_view part :
           {"conv0.", "norm0.", "denseblock", "transition", "norm5."}) {
        if (rest.starts_with(part)) return modern_dense_layer(std::string(kFeatures) + rest);
      }
      return rest;
  }
  return rest;
}

std::string_view NetworkNames::family_name() const {
  return kind == Kind::kResNet || kind == Kind::kResNetChildren ? "ResNet" : "DenseNet";
}

NetworkNames find_network(std::span<const std::string> names, std::string_view where) {
  const std::set<std::string_view> all(names.begin(), names.end());
  std::vector<NetworkNames> found;
  for (const std::string& name : names) {
    for (const Anchor& anchor : kAnchors) {
      if (!name.ends_with(anchor.suffix)) continue;
      std::string prefix = name.substr(0, name.size() - anchor.suffix.size());
      if (!prefix.empty() && !prefix.ends_with('.')) continue;
      if (anchor.kind == Kind::kResNetChildren && !all.contains(prefix + "0.weight")) continue;
      found.push_back({anchor.kind, std::move(prefix)});
      break;  // a "features." name matches its bare anchor too
    }
  }
  if (found.empty()) {
    std::vector<std::string> some;
    for (const std::string& name : names.first(std::min<std::size_t>(names.size(), 3))) {
      some.push_back(torch::printable(name));
    }
    throw Error(ErrorKind::kBadFile, where,
                "its names are those of no network that apatite knows (" + join(some) + ", ...)",
                "give a ResNet or DenseNet with torchvision's names (layer1.0.conv1.weight, "
                "features.denseblock1.denselayer1.norm1.weight), any prefix before them");
  }
  if (found.size() > 1) {
    std::vector<std::string> prefixes;
    for (const NetworkNames& network : found) {
      prefixes.push_back('"' + torch::printable(network.prefix) + '"');
    }
    throw Error(
        ErrorKind::kUsage, where,
        "holds " + std::to_string(found.size()) + " networks, with the prefixes " + join(prefixes),
        "save the state dict of one of them");
  }
  return found.front();
}

models::ModelConfig recognise(const NetworkNames& network, const NamedDims& tensors,
                              std::string_view architecture, const Json& user,
                              std::string_view where) {
  const Recogniser recogniser(tensors, where);
  const bool residual = network.family_name() == "ResNet";
  models::ModelConfig config = residual ? recogniser.resnet() : recogniser.densenet();
  if (!architecture.empty()) {
    const models::ModelInfo& info = find_model(architecture);
    if ((info.family == "densenet") == residual) {
      throw Error(ErrorKind::kUsage, where,
                  "its names are those of a " + std::string(network.family_name()) + ", not of " +
                      info.name,
                  "leave out --arch to have the architecture recognised");
    }
    if (info.name != config.architecture) {
      return {info.name, config.classes, config.input_channels, user};
    }
  }
  if (user.is_object()) config.options.update(user);
  try {
    return architecture.empty() ? as_preset(config, user) : config;
  } catch (const Error& error) {
    if (!user.empty()) throw;
    recogniser.refuse("its names and sizes make no " + std::string(network.family_name()) + ": " +
                      error.what());
  }
}

}  // namespace apatite::weights
