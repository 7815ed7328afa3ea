// Pieces that more than one family is made of.
#pragma once

#include <cstdint>
#include <string>

#include "engine/graph/graph.h"

namespace apatite::models {

// A square convolution without bias that keeps the size at stride 1 (padding = kernel / 2).
engine::NodeId conv(engine::GraphBuilder& g, const std::string& name, engine::NodeId x,
                    std::int64_t channels, std::int64_t kernel, std::int64_t stride);

// conv3x3 - bn - relu - conv3x3 - bn under `prefix`: .conv1 .bn1 .relu1 .conv2 .bn2
// (He et al. 2016, figure 5, left).
engine::NodeId basic_branch(engine::GraphBuilder& g, const std::string& prefix, engine::NodeId x,
                            std::int64_t channels, std::int64_t stride);

// relu(branch + shortcut) under `prefix`: .add .relu
engine::NodeId residual_sum(engine::GraphBuilder& g, const std::string& prefix,
                            engine::NodeId branch, engine::NodeId shortcut);

// The mean over each channel ("avgpool") and a linear layer with bias of the given name.
engine::NodeId classifier_head(engine::GraphBuilder& g, const std::string& name, engine::NodeId x,
                               std::int64_t classes);

}  // namespace apatite::models
