// How a convolution, forward or backward, walks over its input.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/graph/op.h"

namespace apatite::engine {

// One axis: output i (of `count`) meets tap k (of `taps`) at input first + i * step + k * tap_step.
// It lies at y_first + i * y_step of the result.
struct AxisWalk {
  std::int64_t count = 0;
  std::int64_t taps = 0;
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t tap_step = 1;
  std::int64_t y_first = 0;
  std::int64_t y_step = 1;
  // Where tap k lies along the weight's axis: kernel_first + k * kernel_step.
  std::int64_t kernel_first = 0;
  std::int64_t kernel_step = 1;

  // By how many pixels the outermost tap of the first output lies before the input, and the
  // outermost tap of the last output after the end of an input of `size`. 0 or less: it is inside.
  [[nodiscard]] std::int64_t before() const {
    return -(first + (tap_step < 0 ? (taps - 1) * tap_step : 0));
  }
  [[nodiscard]] std::int64_t behind(std::int64_t size) const {
    return first + (count - 1) * step + (tap_step > 0 ? (taps - 1) * tap_step : 0) - (size - 1);
  }
};

struct ConvWalk {
  AxisWalk rows;
  AxisWalk columns;
};

// `out`: of the result.
ConvWalk forward_walk(const Conv2d& op, const Extent& out);

// The gradient with respect to the input gx, from g. With stride s along an axis, the gx at
// h = s*i + phase (i = 0, 1, ...) meet only the taps k with phase + padding - k * dilation
// divisible by s, and those at g[i + (phase + padding - k * dilation) / s]: a walk in which g goes
// backward while k ascends, as the contract's order asks. One walk per pair of phases; each gx lies
// in one.
std::vector<ConvWalk> gradient_walks(const Conv2d& op, const Extent& gx);

// The taps of output i of an axis that lie inside an input of `size`: first and count.
struct TapRange {
  std::int64_t first;
  std::int64_t count;
};
TapRange taps_inside(const AxisWalk& walk, std::int64_t i, std::int64_t size);

// Columns of +0 that x needs on either side for a walk. None for the common case (at most one tap
// of the outermost pixels lies outside), which skips those taps.
struct ColumnPadding {
  std::int64_t left = 0;
  std::int64_t right = 0;
};
ColumnPadding needed_columns(const ConvWalk& walk, std::int64_t in_width);

}  // namespace apatite::engine
