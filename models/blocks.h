// Pieces that more than one family is made of.
#pragma once

#include <cstdint>
#include <string>

#include "engine/graph/graph.h"

namespace apatite {

// A square convolution without bias that keeps the size at stride 1 (padding = kernel / 2).
NodeId conv(GraphBuilder& g, const std::string& name, NodeId x, std::int64_t channels,
            std::int64_t kernel, std::int64_t stride);

// conv3x3 - bn - relu - conv3x3 - bn under `prefix`: .conv1 .bn1 .relu1 .conv2 .bn2
// (He et al. 2016, figure 5, left).
NodeId basic_branch(GraphBuilder& g, const std::string& prefix, NodeId x, std::int64_t channels,
                    std::int64_t stride);

// relu(branch + shortcut) under `prefix`: .add .relu
NodeId residual_sum(GraphBuilder& g, const std::string& prefix, NodeId branch, NodeId shortcut);

// The mean over each channel ("avgpool") and a linear layer with bias of the given name.
NodeId classifier_head(GraphBuilder& g, const std::string& name, NodeId x, std::int64_t classes);

}  // namespace apatite
