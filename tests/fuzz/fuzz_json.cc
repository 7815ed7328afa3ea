// Any bytes as JSON: a value that survives a round trip, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const apatite::Json value =
        apatite::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (apatite::parse_json(apatite::to_text(value), "fuzz") != value) std::abort();
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) std::abort();
  }
  return 0;
}
