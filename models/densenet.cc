// DenseNet-BC: G. Huang, Z. Liu, L. van der Maaten, K. Weinberger, "Densely connected convolutional
// networks", CVPR 2017, table 1 and section 4.2, with torchvision's names.
//
//   stem          "imagenet": 7x7, 2k, stride 2, bn, relu; max pool 3x3, stride 2
//                 "cifar": 3x3, 2k
//   denseblock1   layers [bn - relu - 1x1, 4k - bn - relu - 3x3, k], each beside all before it
//   transition1   bn - relu - 1x1, half of the channels - average pool 2x2, stride 2
//   denseblock2, transition2, ..., denseblockN
//   head          bn (norm5), relu (relu5), global average pool, classifier
//
// Options: "growth" (k), "blocks" (layers of each dense block), "stem" ("imagenet"),
// "stem_channels" (2k), "bn_size" (4), "compression" (0.5).
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "layers/avg_pool2d.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "models/blocks.h"
#include "models/family.h"

namespace apatite::models {
namespace {

struct DenseNet {
  std::int64_t growth;
  std::vector<std::int64_t> blocks;
  bool imagenet_stem;
  std::int64_t stem_channels;
  std::int64_t bn_size;  // width of the 1x1 in units of the growth
  double compression;    // a transition keeps floor(compression * channels)
};

engine::NodeId norm_relu(engine::GraphBuilder& g, const std::string& norm,
                         const std::string& relu_name, engine::NodeId x) {
  return layers::relu(g, relu_name, layers::batch_norm(g, norm, x));
}

// features.conv0, norm0, relu0, pool0; the CIFAR stem is conv0 alone (section 4.2).
engine::NodeId stem(engine::GraphBuilder& g, const DenseNet& net) {
  if (!net.imagenet_stem) return conv(g, "features.conv0", 0, net.stem_channels, 3, 1);
  engine::NodeId x = conv(g, "features.conv0", 0, net.stem_channels, 7, 2);
  x = norm_relu(g, "features.norm0", "features.relu0", x);
  return layers::max_pool2d(
      g, "features.pool0", x,
      {.kernel = {3, 3}, .stride = {2, 2}, .padding = engine::Padding::same(1)});
}

// x beside `growth` new channels made from it.
engine::NodeId dense_layer(engine::GraphBuilder& g, const DenseNet& net, const std::string& prefix,
                           engine::NodeId x) {
  engine::NodeId y = norm_relu(g, prefix + ".norm1", prefix + ".relu1", x);
  y = conv(g, prefix + ".conv1", y, net.bn_size * net.growth, 1, 1);
  y = norm_relu(g, prefix + ".norm2", prefix + ".relu2", y);
  y = conv(g, prefix + ".conv2", y, net.growth, 3, 1);
  return layers::concat(g, prefix + ".concat", {x, y});
}

engine::NodeId transition(engine::GraphBuilder& g, const DenseNet& net, const std::string& prefix,
                          engine::NodeId x) {
  const auto channels = static_cast<double>(g.shape(x).channels);
  x = norm_relu(g, prefix + ".norm", prefix + ".relu", x);
  x = conv(g, prefix + ".conv", x,
           static_cast<std::int64_t>(std::floor(net.compression * channels)), 1, 1);
  return layers::avg_pool2d(g, prefix + ".pool", x, {.kernel = {2, 2}, .stride = {2, 2}});
}

engine::Graph build(const DenseNet& net, engine::Shape input, std::int64_t classes) {
  engine::GraphBuilder g(input);
  engine::NodeId x = stem(g, net);
  for (std::size_t block = 1; block <= net.blocks.size(); ++block) {
    const std::string number = to_text(static_cast<std::int64_t>(block));
    for (std::int64_t layer = 1; layer <= net.blocks[block - 1]; ++layer) {
      x = dense_layer(g, net, "features.denseblock" + number + ".denselayer" + to_text(layer), x);
    }
    if (block < net.blocks.size()) x = transition(g, net, "features.transition" + number, x);
  }
  // torchvision's forward() takes this ReLU outside `features`: norm5 holds signed values.
  x = norm_relu(g, "features.norm5", "features.relu5", x);
  return std::move(g).build(classifier_head(g, "classifier", x, classes));
}

GraphFunction configure(JsonObject options) {
  const std::int64_t growth = options.integer("growth", {1, 4096});
  DenseNet net{
      .growth = growth,
      .blocks = layers_per_stage(options, "blocks"),
      .imagenet_stem = options.choice_or("stem", "imagenet", {"imagenet", "cifar"}) == "imagenet",
      .stem_channels = options.integer_or("stem_channels", 2 * growth, kChannelCount),
      .bn_size = options.integer_or("bn_size", 4, {1, 64}),
      .compression = options.number_or("compression", 0.5)};
  options.finish();
  if (!(net.compression > 0) || net.compression > 1) {
    options.refuse("\"compression\" is " + to_text(net.compression), "it lies above 0, up to 1");
  }
  return [net](engine::Shape input, std::int64_t classes) { return build(net, input, classes); };
}

// torchvision before 0.3 named the parts of a dense layer "norm.1", "conv.1", ...
constexpr auto kOldParts = std::to_array<std::pair<std::string_view, std::string_view>>({
    {".norm.1.", ".norm1."},
    {".conv.1.", ".conv1."},
    {".norm.2.", ".norm2."},
    {".conv.2.", ".conv2."},
});

std::string modern_name(std::string name) {
  if (name.find("denselayer") == std::string::npos) return name;
  for (const auto& [old_part, part] : kOldParts) {
    if (const auto at = name.find(old_part); at != std::string::npos) {
      return name.replace(at, old_part.size(), part);
    }
  }
  return name;
}

// The names of `features` alone.
std::string name_of_bare(std::string name) {
  for (const std::string_view part : {"conv0.", "norm0.", "denseblock", "transition", "norm5."}) {
    if (name.starts_with(part)) return modern_name("features." + name);
  }
  return name;
}

const CheckpointNames& checkpoint_names() {
  static const CheckpointNames names{
      .title = "DenseNet",
      .schemes = {{.anchors = {"features.denseblock1.denselayer1.norm1.weight",
                               "features.denseblock1.denselayer1.norm.1.weight"},
                   .companion = {},
                   .canonical = modern_name},
                  {.anchors = {"denseblock1.denselayer1.norm1.weight",
                               "denseblock1.denselayer1.norm.1.weight"},
                   .companion = {},
                   .canonical = name_of_bare}}};
  return names;
}

std::vector<std::int64_t> count_layers(const CheckpointTensors& tensors) {
  std::vector<std::int64_t> blocks;
  for (std::int64_t block = 1;; ++block) {
    const std::string prefix = "features.denseblock" + to_text(block) + ".denselayer";
    const std::int64_t layers = tensors.count(prefix, 1, ".conv1.weight");
    if (layers == 0) return blocks;
    blocks.push_back(layers);
  }
}

std::optional<ModelConfig> recognise(const CheckpointTensors& tensors) {
  const engine::Dims& stem = tensors.convolution("features.conv0.weight");
  const std::string first_layer = "features.denseblock1.denselayer1";
  const std::int64_t growth = tensors.convolution(first_layer + ".conv2.weight")[0];
  const std::int64_t bottleneck = tensors.convolution(first_layer + ".conv1.weight")[0];
  if (growth == 0) tensors.refuse(first_layer + ".conv2.weight has no channels");
  ModelConfig config{
      "densenet", 1, stem[1], {{"growth", growth}, {"blocks", count_layers(tensors)}}};
  if (!tensors.contains("features.norm0.weight")) config.options["stem"] = "cifar";
  if (stem[0] != 2 * growth) config.options["stem_channels"] = stem[0];
  if (bottleneck / growth != 4) config.options["bn_size"] = bottleneck / growth;
  if (tensors.contains("features.transition1.conv.weight")) {
    const engine::Dims& transition = tensors.convolution("features.transition1.conv.weight");
    if (transition[0] != transition[1] / 2) {
      config.options["compression"] =
          static_cast<double>(transition[0]) / static_cast<double>(transition[1]);
    }
  }
  return config;
}

Json usual_steps(const ModelConfig& model) {
  const bool cifar = model.options.value("stem", std::string()) == "cifar";
  return cifar ? cifar_steps() : imagenet_steps();
}

}  // namespace

const Family& densenet_family() {
  static const Family family{
      .name = "densenet",
      .description = "DenseNet-BC of any growth, blocks and stem (Huang et al. 2017)",
      .default_input = {3, 224, 224},
      .default_classes = 1000,
      .presets =
          {
              {"densenet121", {{"growth", 32}, {"blocks", {6, 12, 24, 16}}}, "DenseNet-121"},
              {"densenet161", {{"growth", 48}, {"blocks", {6, 12, 36, 24}}}, "DenseNet-161"},
              {"densenet169", {{"growth", 32}, {"blocks", {6, 12, 32, 32}}}, "DenseNet-169"},
              {"densenet201", {{"growth", 32}, {"blocks", {6, 12, 48, 32}}}, "DenseNet-201"},
          },
      .configure = configure,
      .checkpoint_names = &checkpoint_names(),
      .recognise = recognise,
      .assumption = nullptr,
      .usual_steps = usual_steps};
  return family;
}

}  // namespace apatite::models
