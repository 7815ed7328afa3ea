// Tensors by name, as a weights file or a state dict holds them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "engine/tensor.h"

namespace apatite {

// Sorted by name, so that whatever is written from it is the same on every machine.
using NamedTensors = std::map<std::string, Tensor, std::less<>>;

}  // namespace apatite
