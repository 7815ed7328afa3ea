// What convolutions and pools share: windows that slide over a padded image.
#pragma once

#include <string_view>

#include "engine/graph/op.h"
#include "engine/graph/shape.h"

namespace apatite::layers {

// The attributes of a sliding window along both axes.
struct Window {
  engine::Extent kernel;
  engine::Extent stride;
  engine::Extent dilation;
  engine::Padding padding;
};

// Whether the last window may reach beyond the padded image.
enum class Rounding { kFloor, kCeil };

// How many windows fit along each axis. With in = size + padding before and after, and
// reach = (kernel - 1) * dilation + 1:
//   floor: floor((in - reach) / stride) + 1
//   ceil:  ceil((in - reach) / stride) + 1, less one if the last window would start after the end
//   of the image
//          (it must start inside the image or the padding before it, as in torch).
// Throws Error (kUsage, `layer`) if a kernel, stride or dilation is not positive, a padding is
// negative or no window fits.
engine::Extent count_windows(std::string_view layer, const Window& window,
                             const engine::Shape& image, Rounding rounding);

// Throws Error (kUsage, `layer`) if some window holds no pixel of the image, so that a pool would
// have nothing to take the maximum or mean of. Call after count_windows.
void check_no_window_is_empty(std::string_view layer, const Window& window,
                              const engine::Shape& image);

}  // namespace apatite::layers
