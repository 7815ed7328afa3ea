#include "models/blocks.h"

#include "layers/add.h"
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/relu.h"

namespace apatite::models {

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

}  // namespace apatite::models
