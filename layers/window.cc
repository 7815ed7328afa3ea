#include "layers/window.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace apatite::layers {
namespace {

// One axis of a window.
struct Axis {
  std::string_view name;
  std::int64_t size, kernel, stride, dilation, before, after;

  [[nodiscard]] std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

Axis vertical(const Window& w, const engine::Shape& image) {
  return {"height",          image.height,  w.kernel.height, w.stride.height,
          w.dilation.height, w.padding.top, w.padding.bottom};
}

Axis horizontal(const Window& w, const engine::Shape& image) {
  return {"width",          image.width,    w.kernel.width, w.stride.width,
          w.dilation.width, w.padding.left, w.padding.right};
}

[[noreturn]] void refuse(std::string_view layer, const Axis& axis, std::string_view what,
                         std::int64_t value, std::string_view remedy) {
  throw Error(ErrorKind::kUsage, layer,
              std::string(what) + " is " + to_text(value) + " along the " + std::string(axis.name),
              remedy);
}

void check_attributes(std::string_view layer, const Axis& axis) {
  constexpr std::int64_t kMost = 1 << 20;  // keeps every product below far from overflow
  for (const auto& [what, value] :
       {std::pair("kernel", axis.kernel), {"stride", axis.stride}, {"dilation", axis.dilation}}) {
    if (value < 1 || value > kMost) refuse(layer, axis, what, value, "use 1 or more");
  }
  for (const std::int64_t padding : {axis.before, axis.after}) {
    if (padding < 0 || padding > kMost) refuse(layer, axis, "padding", padding, "use 0 or more");
  }
}

std::int64_t count(std::string_view layer, const Axis& axis, Rounding rounding) {
  check_attributes(layer, axis);
  const std::int64_t padded = axis.size + axis.before + axis.after;
  std::int64_t slack = padded - axis.reach();
  if (rounding == Rounding::kCeil) slack += axis.stride - 1;
  if (slack < 0) {
    throw Error(ErrorKind::kUsage, layer,
                "its window reaches over " + to_text(axis.reach()) + " pixels, but the " +
                    std::string(axis.name) + " here is " + to_text(axis.size) + ", padded " +
                    to_text(padded),
                "use a larger input or a smaller kernel");
  }
  const std::int64_t windows = slack / axis.stride + 1;
  const bool last_starts_behind = (windows - 1) * axis.stride >= axis.size + axis.before;
  return rounding == Rounding::kCeil && last_starts_behind ? windows - 1 : windows;
}

// A window that starts inside the image holds a pixel; one that starts in the padding before it
// does if one of its taps lands inside.
void check_axis(std::string_view layer, const Axis& axis) {
  const std::int64_t padding = std::max(axis.before, axis.after);
  if (padding >= axis.reach()) {
    refuse(layer, axis, "padding", padding,
           "a pool's padding must be less than its window's reach of " + to_text(axis.reach()));
  }
  for (std::int64_t start = -axis.before; start < 0; start += axis.stride) {
    const std::int64_t tap = (-start + axis.dilation - 1) / axis.dilation;
    if (tap >= axis.kernel || start + tap * axis.dilation >= axis.size) {
      throw Error(ErrorKind::kUsage, layer,
                  "the window that starts at " + to_text(start) + " along the " +
                      std::string(axis.name) + " (here " + to_text(axis.size) +
                      ") holds no pixel of the image",
                  "use a larger input, less padding or less dilation");
    }
  }
}

}  // namespace

engine::Extent count_windows(std::string_view layer, const Window& window,
                             const engine::Shape& image, Rounding rounding) {
  return {count(layer, vertical(window, image), rounding),
          count(layer, horizontal(window, image), rounding)};
}

void check_no_window_is_empty(std::string_view layer, const Window& window,
                              const engine::Shape& image) {
  check_axis(layer, vertical(window, image));
  check_axis(layer, horizontal(window, image));
}

}  // namespace apatite::layers
