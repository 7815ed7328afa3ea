// Finds the dict of tensors among the other things that a training script saves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weights/torch/pickle.h"

namespace apatite::weights::torch {

struct StateDict {
  std::string key;    // the path to it, "a/b"; "" for the outermost dict
  PickleValue value;  // of kind kDict
};

// The rule of Checkpoint's constructor. Throws Error: kBadFile if there is no dict of tensors or
// dicts nest in a circle, kUsage if several could be meant or `key` is not there.
StateDict find_state_dict(const Pickle& pickle, std::string_view key, std::string_view where);

}  // namespace apatite::weights::torch
