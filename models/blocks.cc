#include "models/blocks.h"

#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "layers/add.h"
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/relu.h"

namespace apatite::models {
namespace {

// nn.Sequential(*resnet.children()) of torchvision: conv1, bn1, relu, maxpool, layer1 to layer4,
// avgpool, fc.
constexpr auto kChildren = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"0.", "conv1."},
    {"1.", "bn1."},
    {"4.", "layer1."},
    {"5.", "layer2."},
    {"6.", "layer3."},
    {"7.", "layer4."},
    {"9.", "fc."},
});

std::string name_of_child(std::string name) {
  for (const auto& [child, own] : kChildren) {
    if (name.starts_with(child)) return std::string(own) + name.substr(child.size());
  }
  return name;
}

}  // namespace

engine::NodeId conv(engine::GraphBuilder& g, const std::string& name, engine::NodeId x,
                    std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
  return layers::conv2d(g, name, x,
                        {.out_channels = channels,
                         .kernel = {kernel, kernel},
                         .stride = {stride, stride},
                         .padding = engine::Padding::same(kernel / 2)});
}

engine::NodeId basic_branch(engine::GraphBuilder& g, const std::string& prefix, engine::NodeId x,
                            std::int64_t channels, std::int64_t stride) {
  x = conv(g, prefix + ".conv1", x, channels, 3, stride);
  x = layers::batch_norm(g, prefix + ".bn1", x);
  x = layers::relu(g, prefix + ".relu1", x);
  x = conv(g, prefix + ".conv2", x, channels, 3, 1);
  return layers::batch_norm(g, prefix + ".bn2", x);
}

engine::NodeId residual_sum(engine::GraphBuilder& g, const std::string& prefix,
                            engine::NodeId branch, engine::NodeId shortcut) {
  return layers::relu(g, prefix + ".relu", layers::add(g, prefix + ".add", branch, shortcut));
}

engine::NodeId classifier_head(engine::GraphBuilder& g, const std::string& name, engine::NodeId x,
                               std::int64_t classes) {
  x = layers::global_avg_pool(g, "avgpool", x);
  return layers::linear(g, name, x, {.out_features = classes});
}

const CheckpointNames& residual_names() {
  static const CheckpointNames names{
      .title = "ResNet",
      .schemes = {
          {.anchors = {"layer1.0.conv1.weight"},
           .companion = {},
           .canonical = [](std::string name) { return name; }},
          {.anchors = {"4.0.conv1.weight"}, .companion = "0.weight", .canonical = name_of_child}}};
  return names;
}

ResidualTensors read_residual(const CheckpointTensors& tensors) {
  ResidualTensors found{.stem = tensors.convolution("conv1.weight"), .blocks = {}};
  for (std::int64_t stage = 1;; ++stage) {
    const std::int64_t blocks = tensors.count("layer" + to_text(stage) + ".", 0, ".conv1.weight");
    if (blocks == 0) break;
    found.blocks.push_back(blocks);
  }
  found.bottleneck = tensors.contains("layer1.0.conv3.weight");
  return found;
}

}  // namespace apatite::models
