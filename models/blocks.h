// Pieces that more than one family is made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/graph/graph.h"
#include "models/checkpoint.h"

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

// The names of torchvision's ResNets and of akamaster's CIFAR ResNets, which are the same.
const CheckpointNames& residual_names();

// What the tensors of a network with residual_names() tell.
struct ResidualTensors {
  engine::Dims stem;                 // of the first convolution
  std::vector<std::int64_t> blocks;  // of each stage
  bool bottleneck = false;

  // Three stages of basic blocks after a 3x3 convolution: He et al. 2016, section 4.2.
  [[nodiscard]] bool is_cifar() const { return blocks.size() == 3 && !bottleneck && stem[2] == 3; }
};

// Throws Error (kBadFile) if there is no first convolution.
ResidualTensors read_residual(const CheckpointTensors& tensors);

}  // namespace apatite::models
