// Where the checkout that the tests were built from lies.
#pragma once

#include <filesystem>

namespace apatite {

const std::filesystem::path& source_dir();

}  // namespace apatite
