// CIFAR ResNet: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition",
// CVPR 2016, section 4.2 and its table, with the names of akamaster/pytorch_resnet_cifar10.
//
//   conv1    3x3, 16, bn, relu
//   layer1   n basic blocks of width 16
//   layer2   n basic blocks of width 32, the first with stride 2
//   layer3   n basic blocks of width 64, the first with stride 2
//   head     global average pool, linear
//
// That is 6n + 2 weighted layers. The shortcut has no parameters (option A): every second pixel,
// zero channels in equal number before and after.
//
// Options: "blocks_per_stage" (n), "width" (16).
#include <utility>

#include "base/text.h"
#include "layers/batch_norm.h"
#include "layers/relu.h"
#include "layers/subsample_pad.h"
#include "models/blocks.h"
#include "models/family.h"

namespace apatite::models {
namespace {

engine::NodeId shortcut(engine::GraphBuilder& g, const std::string& prefix, engine::NodeId x,
                        std::int64_t channels, std::int64_t stride) {
  const std::int64_t missing = channels - g.shape(x).channels;
  if (stride == 1 && missing == 0) return x;
  return layers::subsample_pad(
      g, prefix + ".shortcut", x,
      {.stride = stride, .channels_before = missing / 2, .channels_after = missing - missing / 2});
}

engine::Graph build(std::int64_t blocks, std::int64_t width, engine::Shape input,
                    std::int64_t classes) {
  engine::GraphBuilder g(input);
  engine::NodeId x = conv(g, "conv1", 0, width, 3, 1);
  x = layers::batch_norm(g, "bn1", x);
  x = layers::relu(g, "relu", x);
  for (std::int64_t stage = 1; stage <= 3; ++stage) {
    const std::int64_t channels = width << (stage - 1);
    for (std::int64_t i = 0; i < blocks; ++i) {
      const std::string prefix = "layer" + to_text(stage) + "." + to_text(i);
      const std::int64_t stride = stage > 1 && i == 0 ? 2 : 1;
      const engine::NodeId branch = basic_branch(g, prefix, x, channels, stride);
      x = residual_sum(g, prefix, branch, shortcut(g, prefix, x, channels, stride));
    }
  }
  return std::move(g).build(classifier_head(g, "linear", x, classes));
}

GraphFunction configure(JsonObject options) {
  const std::int64_t blocks = options.integer("blocks_per_stage", kLayerCount);
  const std::int64_t width = options.integer_or("width", 16, {1, 4096});
  options.finish();
  return [=](engine::Shape input, std::int64_t classes) {
    return build(blocks, width, input, classes);
  };
}

std::optional<ModelConfig> recognise(const CheckpointTensors& tensors) {
  const ResidualTensors found = read_residual(tensors);
  if (!found.is_cifar()) return std::nullopt;
  ModelConfig config{"cifar_resnet", 1, found.stem[1], {{"blocks_per_stage", found.blocks[0]}}};
  if (found.stem[0] != 16) config.options["width"] = found.stem[0];
  return config;
}

}  // namespace

const Family& cifar_resnet_family() {
  static const Family family{
      .name = "cifar_resnet",
      .description = "CIFAR ResNet of any depth (He et al. 2016, section 4.2), option A shortcuts",
      .default_input = {3, 32, 32},
      .default_classes = 10,
      .presets =
          {
              {"cifar_resnet20", {{"blocks_per_stage", 3}}, "CIFAR ResNet-20"},
              {"cifar_resnet32", {{"blocks_per_stage", 5}}, "CIFAR ResNet-32"},
              {"cifar_resnet44", {{"blocks_per_stage", 7}}, "CIFAR ResNet-44"},
              {"cifar_resnet56", {{"blocks_per_stage", 9}}, "CIFAR ResNet-56"},
              {"cifar_resnet110", {{"blocks_per_stage", 18}}, "CIFAR ResNet-110"},
          },
      .configure = configure,
      .checkpoint_names = &residual_names(),
      .recognise = recognise,
      .assumption = nullptr,
      .usual_steps = [](const ModelConfig&) { return cifar_steps(); }};
  return family;
}

}  // namespace apatite::models
