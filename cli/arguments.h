// Words of the command line that mean nothing, found before anything runs.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace apatite::cli {

// Throws Error (kUsage) with the nearest names if the first word is no sub-command of `program`, or
// an option is none of that sub-command.
void check_words(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace apatite::cli
