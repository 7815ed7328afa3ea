#include "engine/graph/shape.h"

#include "base/error.h"
#include "base/text.h"

namespace apatite::engine {

std::int64_t element_count(std::span<const std::int64_t> dims) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 48;
  std::int64_t count = 1;
  for (const std::int64_t size : dims) {
    if (size < 0 || (size > 0 && count > kLimit / size)) {
      throw Error(ErrorKind::kBadFile, "tensor of " + to_text(dims), "has no possible size");
    }
    count *= size;
  }
  return count;
}

std::string to_text(std::span<const std::int64_t> dims) {
  if (dims.empty()) return "scalar";
  std::string text;
  for (const std::int64_t size : dims) {
    if (!text.empty()) text += 'x';
    text += to_text(size);
  }
  return text;
}

std::string to_text(const Shape& shape) {
  const Dims dims{shape.channels, shape.height, shape.width};
  return to_text(std::span<const std::int64_t>(dims));
}

}  // namespace apatite::engine
