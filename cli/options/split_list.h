// The value of an option that takes several names.
#pragma once

#include <string>
#include <vector>

namespace apatite::cli {

// Splits a text at its commas: "a,b" gives {"a", "b"}. An empty text gives an empty list.
std::vector<std::string> split_list(const std::string& text);

}  // namespace apatite::cli
