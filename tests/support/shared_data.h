// Real images, weights and scores that lie beside the checkout and are not part of it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/source_dir.h"

namespace apatite {

// The folder of real data: the one that the environment variable APATITE_DATA names, else
// shared/data beside the checkout. Empty if there is none; a test then skips and says so:
//   const auto data = shared_data();
//   if (data.empty()) GTEST_SKIP() << "no shared/data";
// The test fails instead if APATITE_REQUIRE_DATA is 1 (scripts/test.sh sets it where the folder
// exists), or if APATITE_DATA names something that is not a folder.
inline std::filesystem::path shared_data() {
  const char* named = std::getenv("APATITE_DATA");
  const bool is_named = named != nullptr && *named != '\0';
  const std::filesystem::path folder =
      is_named ? std::filesystem::path(named) : source_dir().parent_path() / "shared" / "data";
  if (std::filesystem::is_directory(folder)) return folder;
  const char* required = std::getenv("APATITE_REQUIRE_DATA");
  if (is_named || (required != nullptr && std::string_view(required) == "1")) {
    ADD_FAILURE() << "real data is required, but " << folder << " is not a folder; "
                  << "name it in APATITE_DATA, or unset APATITE_REQUIRE_DATA and APATITE_DATA";
  }
  return {};
}

}  // namespace apatite
