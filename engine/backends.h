// The registry of backends: which there are, and how to get one by its name.
#pragma once

#include <span>
#include <string_view>

#include "engine/backend/backend.h"

namespace apatite::engine {

// Every backend that is built in, the default first.
std::span<const Backend* const> backends();

// The backend with this name; an empty name means the default. Throws Error (kUnavailable) with the
// names of those that are built in, or with the reason why this one cannot run on this machine.
const Backend& find_backend(std::string_view name);

}  // namespace apatite::engine
