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
      .configure = configure};
  return family;
}

}  // namespace apatite::models
