// Any bytes as a manifest: a list of distinct images and regions within them, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "study/faithfulness/region_of.h"
#include "study/run/manifest.h"

namespace {

// The boxes of an image of 40 x 50 pixels; its mask is not opened.
void try_region(apatite::study::ManifestEntry entry) {
  entry.mask.clear();
  try {
    const auto region = apatite::study::region_of({}, entry, {40, 50}, {});
    if (region && (region->empty() || entry.boxes.empty())) std::abort();
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto entries =
        apatite::study::parse_manifest({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (entries.empty()) std::abort();
    for (const auto& entry : entries) {
      if (entry.image.empty()) std::abort();
      try_region(entry);
    }
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) std::abort();
  }
  return 0;
}
