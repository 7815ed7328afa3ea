// Any bytes as a pickle: values, or an Error.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "weights/torch/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const apatite::weights::torch::Pickle pickle(std::as_bytes(std::span(data, size)), "fuzz");
    if (pickle.size() > size) __builtin_trap();
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) __builtin_trap();
  }
  return 0;
}
