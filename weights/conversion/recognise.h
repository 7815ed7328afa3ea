// Which network a state dict belongs to, from the names and sizes of its tensors. What the names
// of a family look like and what its sizes tell is in models/FAMILY.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "models/checkpoint.h"
#include "models/model_config.h"

namespace apatite::weights {

// How the tensors of a state dict are named, and what stands before the names.
struct NetworkNames {
  const models::CheckpointNames* names = nullptr;
  const models::CheckpointNames::Scheme* scheme = nullptr;  // one of names->schemes
  std::string prefix;  // before every name of the network: "", "module.", "model.backbone."

  // The name in build_model()'s graph; names outside `prefix` stay as they are.
  [[nodiscard]] std::string canonical(std::string_view name) const;
};

// Finds the network among the names of a state dict by its first block. Throws Error (`where`):
// kBadFile if no name is that of a known network, kUsage if there is more than one network.
NetworkNames find_network(std::span<const std::string> names, std::string_view where);

using models::NamedDims;

// Recognises the architecture from the stem, the first block and the number of blocks. Returns a
// preset if one has exactly the same tensors, else its family with options; `user` is added to the
// options. The number of classes is left at 1. The caller compares all tensors. If `architecture`
// is a preset, only the number of input channels is recognised. Throws Error: kBadFile if one of
// the tensors that are read is missing or has a wrong rank; kUsage if `architecture` is unknown or
// of another family.
models::ModelConfig recognise(const NetworkNames& network, const NamedDims& tensors,
                              std::string_view architecture, const Json& user,
                              std::string_view where);

}  // namespace apatite::weights
