#include "tests/support/source_dir.h"

namespace apatite {

const std::filesystem::path& source_dir() {
  static const std::filesystem::path folder = APATITE_SOURCE_DIR;
  return folder;
}

}  // namespace apatite
