// Compares the tensors that a network declares with those that a file holds.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"
#include "weights/safetensors/named_tensors.h"
#include "weights/safetensors/safetensors.h"

namespace apatite::weights {

// Every declared tensor must be there with the declared dims and a dtype that binary32 holds
// exactly (F32, F16, BF16). No other tensor may be there: each tensor is used exactly once.
// Otherwise throws Error (kBadFile, `where`) with the whole list in one line: first what is missing
// or wrong, in the order of the network, then what is left over, by name. A line of more than about
// 4,000 bytes is shortened, and the rest is counted. No list may hold a name twice.
void check_table(std::span<const engine::Parameter> declared, std::span<const TensorEntry> present,
                 std::string_view where);

// The same for tensors in memory.
void check_table(std::span<const engine::Parameter> declared, const NamedTensors& present,
                 std::string_view where);

}  // namespace apatite::weights
