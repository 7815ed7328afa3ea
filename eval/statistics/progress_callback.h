// Reports the progress of a long step to the caller.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace apatite::eval {

// Is called with `done` of `total` units ("MB read", "draws") now and then and at the end, always
// on the thread of the caller. May be empty.
using ProgressCallback =
    std::function<void(std::string_view unit, std::int64_t done, std::int64_t total)>;

}  // namespace apatite::eval
