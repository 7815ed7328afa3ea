// How far a long step is, for a caller that shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace apatite::eval {

// `done` of `total` of what `unit` names ("MB read", "draws"), told on the caller's thread now and
// then and at the end. Empty: nobody wants to know.
using Tell = std::function<void(std::string_view unit, std::int64_t done, std::int64_t total)>;

}  // namespace apatite::eval
