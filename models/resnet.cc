// ResNet: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR
// 2016, table 1, with torchvision's names.
//
//   conv1    7x7, 64, stride 2, bn, relu; max pool 3x3, stride 2
//   layer1   blocks of width 64
//   layer2   blocks of width 128, the first with stride 2
//   layer3   blocks of width 256, the first with stride 2
//   layer4   blocks of width 512, the first with stride 2
//   head     global average pool, fc
//
// Options: "block" ("basic" or "bottleneck"), "layers" (blocks of each stage), "width" (64),
// "stride_in_1x1" (false).
#include <utility>

#include "base/text.h"
#include "layers/batch_norm.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "models/blocks.h"
#include "models/family.h"

namespace apatite::models {
namespace {

struct ResNet {
  bool bottleneck;
  std::vector<std::int64_t> layers;
  std::int64_t width;
  // Where a bottleneck block halves the image: in its 3x3 convolution (torchvision, "v1.5") or, as
  // in the paper and in Caffe's weights, in its first 1x1.
  bool stride_in_1x1;
};

// conv1x1 - conv3x3 - conv1x1, the last four times as wide (figure 5, right).
engine::NodeId bottleneck_branch(engine::GraphBuilder& g, const std::string& prefix,
                                 engine::NodeId x, std::int64_t width, std::int64_t stride,
                                 bool stride_in_1x1) {
  x = conv(g, prefix + ".conv1", x, width, 1, stride_in_1x1 ? stride : 1);
  x = layers::batch_norm(g, prefix + ".bn1", x);
  x = layers::relu(g, prefix + ".relu1", x);
  x = conv(g, prefix + ".conv2", x, width, 3, stride_in_1x1 ? 1 : stride);
  x = layers::batch_norm(g, prefix + ".bn2", x);
  x = layers::relu(g, prefix + ".relu2", x);
  x = conv(g, prefix + ".conv3", x, 4 * width, 1, 1);
  return layers::batch_norm(g, prefix + ".bn3", x);
}

// The identity where shapes agree, else a strided 1x1 convolution (section 3.3, option B).
engine::NodeId shortcut(engine::GraphBuilder& g, const std::string& prefix, engine::NodeId x,
                        std::int64_t channels, std::int64_t stride) {
  if (stride == 1 && g.shape(x).channels == channels) return x;
  x = conv(g, prefix + ".downsample.0", x, channels, 1, stride);
  return layers::batch_norm(g, prefix + ".downsample.1", x);
}

engine::NodeId block(engine::GraphBuilder& g, const ResNet& net, const std::string& prefix,
                     engine::NodeId x, std::int64_t width, std::int64_t stride) {
  const engine::NodeId branch =
      net.bottleneck ? bottleneck_branch(g, prefix, x, width, stride, net.stride_in_1x1)
                     : basic_branch(g, prefix, x, width, stride);
  return residual_sum(g, prefix, branch, shortcut(g, prefix, x, g.shape(branch).channels, stride));
}

engine::Graph build(const ResNet& net, engine::Shape input, std::int64_t classes) {
  engine::GraphBuilder g(input);
  engine::NodeId x = conv(g, "conv1", 0, net.width, 7, 2);
  x = layers::batch_norm(g, "bn1", x);
  x = layers::relu(g, "relu", x);
  x = layers::max_pool2d(g, "maxpool", x,
                         {.kernel = {3, 3}, .stride = {2, 2}, .padding = engine::Padding::same(1)});
  std::int64_t stage = 1;
  for (const std::int64_t blocks : net.layers) {
    for (std::int64_t i = 0; i < blocks; ++i) {
      x = block(g, net, "layer" + to_text(stage) + "." + to_text(i), x, net.width << (stage - 1),
                stage > 1 && i == 0 ? 2 : 1);
    }
    ++stage;
  }
  return std::move(g).build(classifier_head(g, "fc", x, classes));
}

GraphFunction configure(JsonObject options) {
  ResNet net{.bottleneck = options.choice("block", {"basic", "bottleneck"}) == "bottleneck",
             .layers = layers_per_stage(options, "layers"),
             .width = options.integer_or("width", 64, {1, 4096}),
             .stride_in_1x1 = options.boolean_or("stride_in_1x1", false)};
  options.finish();
  if (net.stride_in_1x1 && !net.bottleneck) {
    options.refuse("asks for \"stride_in_1x1\" of basic blocks", "they have no 1x1 to stride in");
  }
  return [net](engine::Shape input, std::int64_t classes) { return build(net, input, classes); };
}

std::optional<ModelConfig> recognise(const CheckpointTensors& tensors) {
  const ResidualTensors found = read_residual(tensors);
  if (found.is_cifar()) return std::nullopt;
  ModelConfig config{
      "resnet",
      1,
      found.stem[1],
      {{"block", found.bottleneck ? "bottleneck" : "basic"}, {"layers", found.blocks}}};
  if (found.stem[0] != 64) config.options["width"] = found.stem[0];
  return config;
}

std::string_view assumption(const CheckpointTensors& tensors, const ModelConfig& model) {
  const bool bottleneck = tensors.contains("layer1.0.conv3.weight");
  if (!bottleneck || model.options.contains("stride_in_1x1")) return {};
  return "bottleneck blocks stride in their 3x3 (torchvision); shapes cannot tell";
}

}  // namespace

const Family& resnet_family() {
  static const Family family{
      .name = "resnet",
      .description = "ResNet of any block counts (He et al. 2016), stride in the 3x3",
      .default_input = {3, 224, 224},
      .default_classes = 1000,
      .presets =
          {
              {"resnet18", {{"block", "basic"}, {"layers", {2, 2, 2, 2}}}, "ResNet-18"},
              {"resnet34", {{"block", "basic"}, {"layers", {3, 4, 6, 3}}}, "ResNet-34"},
              {"resnet50", {{"block", "bottleneck"}, {"layers", {3, 4, 6, 3}}}, "ResNet-50"},
              {"resnet101", {{"block", "bottleneck"}, {"layers", {3, 4, 23, 3}}}, "ResNet-101"},
              {"resnet152", {{"block", "bottleneck"}, {"layers", {3, 8, 36, 3}}}, "ResNet-152"},
          },
      .configure = configure,
      .checkpoint_names = &residual_names(),
      .recognise = recognise,
      .assumption = assumption,
      .usual_steps = [](const ModelConfig&) { return imagenet_steps(); }};
  return family;
}

}  // namespace apatite::models
