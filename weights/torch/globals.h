// The closed list of Python names that a pickled state dict may use, and what each stands for.
// Nothing else is accepted, and nothing is ever imported or called: a name is only looked up here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace apatite::weights::torch {

// What a call (REDUCE) of the name makes.
enum class GlobalRole : std::uint8_t {
  kDict,         // collections.OrderedDict and its kin: a dict of the pairs or the dict given
  kDefaultDict,  // the first argument, the factory, is left out
  kSequence,     // torch.Size, set: the argument as a tuple
  kTensor,       // torch._utils._rebuild_tensor[_v2]
  kParameter,    // torch._utils._rebuild_parameter: its first argument, a tensor
  kOpaque,       // numpy numbers, torch.device, ...: something that no network needs
  kStorage,      // torch.FloatStorage ...: names an element type, cannot be called
  kName,         // torch.float32, dict, ...: stands for itself, cannot be called
};

struct Global {
  std::string_view module;
  std::string_view name;
  GlobalRole role;
};

// All of them; a value of kind kGlobal is an index into this list.
std::span<const Global> globals();

// The index of `module`.`name`, -1 if it is not in the list.
int find_global(std::string_view module, std::string_view name);

}  // namespace apatite::weights::torch
