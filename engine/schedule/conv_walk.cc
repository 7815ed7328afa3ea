#include "engine/schedule/conv_walk.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace apatite::engine {
namespace {

// The outputs `phase`, phase + stride, ... below `size` of one axis of gx.
AxisWalk gradient_axis(std::int64_t size, std::int64_t phase, std::int64_t kernel,
                       std::int64_t stride, std::int64_t dilation, std::int64_t padding) {
  AxisWalk walk{.count = size > phase ? (size - phase - 1) / stride + 1 : 0,
                .y_first = phase,
                .y_step = stride};
  const auto meets = [&](std::int64_t k) { return (phase + padding - k * dilation) % stride == 0; };
  std::int64_t k = 0;
  while (k < kernel && !meets(k)) ++k;
  if (k == kernel) return walk;
  // From one tap to the next that meets, k * dilation grows by the least common multiple.
  const std::int64_t common = std::gcd(stride, dilation);
  walk.kernel_first = k;
  walk.kernel_step = stride / common;
  walk.taps = (kernel - 1 - k) / walk.kernel_step + 1;
  walk.first = (phase + padding - k * dilation) / stride;
  walk.tap_step = -(dilation / common);
  return walk;
}

}  // namespace

ConvWalk forward_walk(const Conv2d& op, const Extent& out) {
  return {.rows = {.count = out.height,
                   .taps = op.kernel.height,
                   .first = -op.padding.top,
                   .step = op.stride.height,
                   .tap_step = op.dilation.height},
          .columns = {.count = out.width,
                      .taps = op.kernel.width,
                      .first = -op.padding.left,
                      .step = op.stride.width,
                      .tap_step = op.dilation.width}};
}

std::vector<ConvWalk> gradient_walks(const Conv2d& op, const Extent& gx) {
  std::vector<ConvWalk> walks;
  for (std::int64_t row = 0; row < op.stride.height; ++row) {
    for (std::int64_t column = 0; column < op.stride.width; ++column) {
      const ConvWalk walk{
          .rows = gradient_axis(gx.height, row, op.kernel.height, op.stride.height,
                                op.dilation.height, op.padding.top),
          .columns = gradient_axis(gx.width, column, op.kernel.width, op.stride.width,
                                   op.dilation.width, op.padding.left)};
      if (walk.rows.count > 0 && walk.columns.count > 0) walks.push_back(walk);
    }
  }
  return walks;
}

TapRange taps_inside(const AxisWalk& walk, std::int64_t i, std::int64_t size) {
  const auto inside = [&](std::int64_t k) {
    const std::int64_t at = walk.first + i * walk.step + k * walk.tap_step;
    return at >= 0 && at < size;
  };
  TapRange rows{0, 0};
  while (rows.first < walk.taps && !inside(rows.first)) ++rows.first;
  while (rows.first + rows.count < walk.taps && inside(rows.first + rows.count)) ++rows.count;
  return rows;
}

ColumnPadding needed_columns(const ConvWalk& walk, std::int64_t in_width) {
  if (walk.rows.taps == 0 || walk.columns.taps == 0) return {};
  const std::int64_t before = walk.columns.before();
  const std::int64_t behind = walk.columns.behind(in_width);
  const bool skips_do =
      before <= 1 && behind <= 1 && walk.columns.taps > 1 && std::abs(walk.columns.tap_step) == 1;
  if (skips_do) return {};
  return {std::max<std::int64_t>(before, 0), std::max<std::int64_t>(behind, 0)};
}

}  // namespace apatite::engine
