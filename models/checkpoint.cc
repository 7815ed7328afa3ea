#include "models/checkpoint.h"

#include <span>

#include "base/error.h"
#include "base/text.h"

namespace apatite::models {

const engine::Dims& CheckpointTensors::convolution(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) refuse("has no tensor " + name);
  if (found->second.size() != 4) {
    refuse(name + " is " + engine::to_text(std::span<const std::int64_t>(found->second)) +
           ", not the weight of a convolution");
  }
  return found->second;
}

std::int64_t CheckpointTensors::count(const std::string& prefix, std::int64_t first,
                                      std::string_view suffix) const {
  std::int64_t n = 0;
  while (contains(prefix + to_text(first + n) + std::string(suffix))) ++n;
  return n;
}

void CheckpointTensors::refuse(const std::string& what) const {
  throw Error(ErrorKind::kBadFile, where_, what,
              "give the state dict of a network that `apatite models` lists");
}

Json imagenet_steps() {
  return Json::array({{{"resize", {{"shorter_side", 256}, {"method", "pillow-bilinear"}}}},
                      {{"center_crop", {{"height", 224}, {"width", 224}}}}});
}

Json cifar_steps() {
  return Json::array(
      {{{"resize", {{"height", 32}, {"width", 32}, {"method", "pillow-bilinear"}}}}});
}

}  // namespace apatite::models
