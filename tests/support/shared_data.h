// Real images and weights that lie beside the checkout and are not part of it.
#pragma once

#include <filesystem>

#include "tests/support/source_dir.h"

namespace apatite {

// The folder shared/data beside the checkout. Empty if it is missing; tests then skip and say so:
//   const auto data = shared_data(); if (data.empty()) GTEST_SKIP() << "no shared/data";
inline std::filesystem::path shared_data() {
  const auto folder = source_dir().parent_path() / "shared" / "data";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

}  // namespace apatite
