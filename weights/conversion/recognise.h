// Which network a state dict belongs to, from the names and sizes of its tensors.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "engine/graph/shape.h"
#include "models/model_config.h"

namespace apatite::weights {

// Where a state dict's names come from: the family of networks whose names they resemble, and how
// they differ from the names that build_model() gives.
struct NetworkNames {
  enum class Kind {
    kResNet,          // "layer1.0.conv1.weight": torchvision's and the CIFAR ResNets
    kResNetChildren,  // "4.0.conv1.weight": nn.Sequential(*resnet.children())
    kDenseNet,        // "features.denseblock1.denselayer1.norm1.weight" or, in old files, "norm.1"
    kDenseNetBare,    // the same without "features."
  };
  Kind kind;
  std::string prefix;  // before every name of the network: "", "module.", "model.backbone."

  // The name in build_model()'s graph; names outside `prefix` stay as they are.
  [[nodiscard]] std::string canonical(std::string_view name) const;
  // "ResNet" or "DenseNet".
  [[nodiscard]] std::string_view family_name() const;
};

// Looks for the first layer of the first block. Throws Error (`where`): kBadFile if no name is like
// that, kUsage if there is more than one network.
NetworkNames find_network(std::span<const std::string> names, std::string_view where);

// Sizes of tensors by canonical name.
using NamedDims = std::map<std::string, engine::Dims, std::less<>>;

// The architecture whose tensors have these names and sizes as far as the first block, the number
// of blocks and the stem tell: a preset if one has exactly the same tensors, else its family with
// options; `user` is added to the options. The number of classes is left at 1; the caller compares
// all tensors. With a non-empty `architecture` that is a preset, only the input channels are
// recognised. Throws Error: kBadFile if a tensor that tells is missing or has a wrong rank, kUsage
// if `architecture` is unknown or of another family.
models::ModelConfig recognise(const NetworkNames& network, const NamedDims& tensors,
                              std::string_view architecture, const Json& user,
                              std::string_view where);

}  // namespace apatite::weights
