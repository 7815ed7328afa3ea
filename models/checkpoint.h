// What a family of networks has to say about checkpoints that were not made here: how their tensors
// are named, and what their names and sizes tell. Not for users of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/graph/shape.h"

namespace apatite::models {

// How the tensors of a kind of network are named in checkpoints. Families whose checkpoints have
// the same names share one object of this type.
struct CheckpointNames {
  // One way of naming. Any prefix ("module.", "backbone.") may stand before all names.
  struct Scheme {
    // The last part of a name that every such checkpoint holds exactly once: that of the first
    // tensor of the first block. One of these must be there.
    std::vector<std::string_view> anchors;
    // A name that must be there beside the anchor; empty: none.
    std::string_view companion;
    // A name without the prefix as build_model()'s graph has it. A name that belongs to no tensor
    // of the network may come back as it is.
    std::string (*canonical)(std::string name);
  };

  std::string_view title;  // of the networks, for messages: "ResNet"
  // In this order; a name that ends with the anchors of two schemes belongs to the first.
  std::vector<Scheme> schemes;
};

// Sizes of tensors by canonical name.
using NamedDims = std::map<std::string, engine::Dims, std::less<>>;

// The tensors of one checkpoint, for reading what they tell. Refers to its arguments.
class CheckpointTensors {
 public:
  // `where` is the file, for messages.
  CheckpointTensors(const NamedDims& tensors, std::string_view where)
      : tensors_(tensors), where_(where) {}

  [[nodiscard]] bool contains(std::string_view name) const { return tensors_.contains(name); }
  // Sizes of a convolution's weight: output channels, input channels, height, width. Throws Error
  // (kBadFile) if there is no such tensor or its rank is not 4.
  [[nodiscard]] const engine::Dims& convolution(const std::string& name) const;
  // How many of prefix + (first, first + 1, ...) + suffix there are without a gap.
  [[nodiscard]] std::int64_t count(const std::string& prefix, std::int64_t first,
                                   std::string_view suffix) const;
  // Throws Error (kBadFile).
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const NamedDims& tensors_;
  std::string_view where_;
};

// The steps of a recipe (docs/recipes.md) that most networks of a field were trained with.
// torchvision's ImageClassification preset: the shorter side to 256 pixels, the middle 224x224.
Json imagenet_steps();
// 32x32 images stay as they are; others are brought to that size.
Json cifar_steps();

}  // namespace apatite::models
