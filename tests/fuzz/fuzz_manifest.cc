// Any bytes as a manifest: a list of distinct images, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "study/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto entries =
        apatite::parse_manifest({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (entries.empty()) std::abort();
    for (const auto& entry : entries) {
      if (entry.image.empty()) std::abort();
    }
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) std::abort();
  }
  return 0;
}
