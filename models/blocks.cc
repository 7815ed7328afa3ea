#include "models/blocks.h"

#include "layers/add.h"
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/relu.h"

namespace apatite {

NodeId conv(GraphBuilder& g, const std::string& name, NodeId x, std::int64_t channels,
            std::int64_t kernel, std::int64_t stride) {
  return conv2d(g, name, x,
                {.out_channels = channels,
                 .kernel = {kernel, kernel},
                 .stride = {stride, stride},
                 .padding = Padding::same(kernel / 2)});
}

NodeId basic_branch(GraphBuilder& g, const std::string& prefix, NodeId x, std::int64_t channels,
                    std::int64_t stride) {
  x = conv(g, prefix + ".conv1", x, channels, 3, stride);
  x = batch_norm(g, prefix + ".bn1", x);
  x = relu(g, prefix + ".relu1", x);
  x = conv(g, prefix + ".conv2", x, channels, 3, 1);
  return batch_norm(g, prefix + ".bn2", x);
}

NodeId residual_sum(GraphBuilder& g, const std::string& prefix, NodeId branch, NodeId shortcut) {
  return relu(g, prefix + ".relu", add(g, prefix + ".add", branch, shortcut));
}

NodeId classifier_head(GraphBuilder& g, const std::string& name, NodeId x, std::int64_t classes) {
  x = global_avg_pool(g, "avgpool", x);
  return linear(g, name, x, {.out_features = classes});
}

}  // namespace apatite
