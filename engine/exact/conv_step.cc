#include "engine/exact/conv_step.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace apatite::engine::exact {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max() / 4;

// Cycles that a tile takes for one input channel and tap, roughly: its multiply-adds, its loads
// (half a cycle for a broadcast, one for weights), or the latency of its shortest chains.
double tile_cost(const TileShape& tile) {
  const auto pixels = static_cast<double>(tile.pixels);
  const auto vectors = static_cast<double>(tile.vectors);
  return std::max({pixels * vectors, 0.5 * pixels + vectors, 5.0}) + 0.25;
}

// Splits a row of `width` pixels into tiles of `vectors` blocks so that the cost is least; returns
// the widths and the cost.
struct RowTiling {
  std::vector<std::int64_t> widths;
  double cost = 0;
};
RowTiling tile_row(std::int64_t width, std::int64_t vectors, std::span<const TileShape> shapes) {
  const auto size = static_cast<std::size_t>(width) + 1;
  std::vector<double> cost(size, static_cast<double>(kNever));
  std::vector<std::int64_t> last(size, 0);
  cost[0] = 0;
  for (std::size_t end = 1; end < size; ++end) {
    for (const TileShape& shape : shapes) {
      const auto pixels = static_cast<std::size_t>(shape.pixels);
      if (shape.vectors != vectors || pixels > end) continue;
      const double total = cost[end - pixels] + tile_cost(shape);
      if (total < cost[end]) {
        cost[end] = total;
        last[end] = shape.pixels;
      }
    }
  }
  RowTiling tiling{.cost = cost.back()};
  for (std::size_t end = size - 1; end > 0; end -= static_cast<std::size_t>(last[end])) {
    tiling.widths.push_back(last[end]);
  }
  std::sort(tiling.widths.rbegin(), tiling.widths.rend());
  return tiling;
}

bool one_tap(const Conv2d& op) { return op.kernel == Extent{1, 1} && op.padding == Padding{}; }

// Copies per-channel values into `to`, padded with +0 to whole blocks.
float* pad_channels(std::span<const float> values, const Layout& layout, float* to) {
  std::size_t next = 0;
  for (const std::int32_t used : layout.block_channels) {
    std::fill_n(to, layout.lanes, 0.0F);
    std::copy_n(values.data() + next, used, to);
    next += static_cast<std::size_t>(used);
    to += layout.lanes;
  }
  return to;
}

// The weight {oc, ic, kh, kw} as the walk reads it: {ic, oc, its taps}.
Tensor weight_of_walk(const Tensor& weight, const ConvWalk& walk) {
  const Dims& dims = weight.dims();
  auto result = Tensor::uninitialized({dims[1], dims[0], walk.rows.taps, walk.columns.taps});
  float* to = result.data();
  for (std::int64_t ic = 0; ic < dims[1]; ++ic) {
    for (std::int64_t oc = 0; oc < dims[0]; ++oc) {
      const float* from = weight.data() + (oc * dims[1] + ic) * dims[2] * dims[3];
      for (std::int64_t i = 0; i < walk.rows.taps; ++i) {
        const std::int64_t kh = walk.rows.kernel_first + i * walk.rows.kernel_step;
        for (std::int64_t j = 0; j < walk.columns.taps; ++j) {
          const std::int64_t kw = walk.columns.kernel_first + j * walk.columns.kernel_step;
          *to++ = from[kh * dims[3] + kw];
        }
      }
    }
  }
  return result;
}

}  // namespace

bool can_tile(const Conv2d& op) { return op.groups == 1 && op.stride.width <= 2; }

bool can_tile_grad(const Conv2d& op) {
  constexpr std::int64_t kMostWalks = 16;
  return op.groups == 1 && op.stride.height * op.stride.width <= kMostWalks;
}

bool can_take_prologue(const Conv2d& op) {
  return can_tile(op) && one_tap(op) && op.stride == Extent{1, 1};
}

TiledConvStep::TiledConvStep(const KernelTable& kernels, const ConvWalk& walk, ConvSpec spec,
                             int threads)
    : kernels_(kernels),
      walk_(walk),
      spec_(std::move(spec)),
      channels_(spec_.weight.dims()[1]),
      depth_(channels_ * walk.rows.taps * walk.columns.taps),
      pointwise_(is_pointwise()),
      flat_(pointwise_ && walk.rows.step == 1 && walk.columns.step == 1 && walk.rows.y_step == 1 &&
            walk.columns.y_step == 1 && walk.columns.count == spec_.x.layout.width) {
  choose_panels();
  pack_weights(threads);

  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const auto out = static_cast<std::size_t>(y.blocks() * y.lanes);
  const auto in = static_cast<std::size_t>(x.blocks() * x.lanes);
  channel_values_ = AlignedArray<float>(5 * out + 2 * in);
  float* to = channel_values_.data();
  if (spec_.bias) {
    epilogue_.bias = to;
    to = pad_channels(spec_.bias->values(), y, to);
  }
  if (spec_.norm) {
    epilogue_.scale = to;
    to = pad_channels(spec_.norm->scale, y, to);
    epilogue_.shift = to;
    to = pad_channels(spec_.norm->shift, y, to);
  }
  if (spec_.relu_mask_norm) {
    epilogue_.relu_mask_scale = to;
    to = pad_channels(spec_.relu_mask_norm->scale, y, to);
    epilogue_.relu_mask_shift = to;
    to = pad_channels(spec_.relu_mask_norm->shift, y, to);
  }
  if (spec_.prologue) {
    scale_before_ = to;
    to = pad_channels(spec_.prologue->scale, x, to);
    shift_before_ = to;
    pad_channels(spec_.prologue->shift, x, to);
    for (const PanelGroup& group : groups_) {
      std::int64_t widest = 0;
      for (const Tile& tile : group.tiles) widest = std::max(widest, tile.pixels);
      scratch_floats_ =
          std::max(scratch_floats_, group.block_tiles * widest * x.blocks() * x.lanes);
    }
  }
  epilogue_.activation = spec_.activation;
  epilogue_.residual_first = spec_.residual_first;
}

bool TiledConvStep::is_pointwise() const {
  const Layout& x = spec_.x.layout;
  const auto one_tap_inside = [](const AxisWalk& walk, std::int64_t size) {
    return walk.taps == 1 && walk.before() <= 0 && walk.behind(size) <= 0;
  };
  return one_tap_inside(walk_.rows, x.height) && one_tap_inside(walk_.columns, x.width) &&
         x.lanes == kernels_.lanes && x.pad_left == 0 && x.pad_right == 0;
}

// The panel width whose tiles cost least, and narrower panels for what is left of the channels.
void TiledConvStep::choose_panels() {
  const Layout& y = spec_.y.layout;
  const std::int64_t row = flat_ ? y.pixels() : walk_.columns.count;
  std::int64_t best = 1;
  double best_cost = static_cast<double>(kNever);
  for (const std::int64_t vectors : {4, 2, 1}) {
    double cost = tile_row(row, vectors, kernels_.tiles).cost / static_cast<double>(vectors);
    // Weights that leave no room in the second-level cache for those that are fetched meanwhile
    // come from the third for every tile.
    constexpr std::int64_t kPanelBytes = std::int64_t{384} * 1024;
    const std::int64_t panel =
        depth_ * vectors * y.lanes * static_cast<std::int64_t>(sizeof(float));
    if (panel > kPanelBytes) cost *= 1.2;
    if (vectors <= y.blocks() && cost < best_cost) {
      best = vectors;
      best_cost = cost;
    }
  }
  // Bytes of input that a block of tiles may touch: about a quarter of a second-level cache.
  constexpr std::int64_t kBlockBytes = std::int64_t{256} * 1024;
  constexpr std::int64_t kBlockPixels = 336;
  std::int64_t block = 0;
  for (std::int64_t vectors = best; vectors >= 1; vectors /= 2) {
    PanelGroup group{.vectors = vectors};
    for (; block + vectors <= y.blocks(); block += vectors) {
      group.panels.push_back({.first_block = block, .w_offset = 0});
    }
    if (group.panels.empty()) continue;
    group.tiles = tile_image(vectors);
    group.geometry = geometry(vectors);
    const std::int64_t pixels = group.tiles.front().pixels;
    const std::int64_t fit = kBlockBytes / static_cast<std::int64_t>(sizeof(float)) / channels_;
    group.block_tiles = std::max<std::int64_t>(1, std::min(fit, kBlockPixels) / pixels);
    group.tile_work = std::max<std::int64_t>(1, pixels * vectors * depth_);
    groups_.push_back(std::move(group));
  }
}

ConvGeometry TiledConvStep::geometry(std::int64_t vectors) const {
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  return {.block_channels = x.block_channels.data(),
          .blocks = depth_ > 0 ? x.blocks() : 0,
          .kernel_width = walk_.columns.taps,
          .x_block_stride = x.block_stride(),
          .x_row_step = walk_.rows.tap_step * x.row_stride(),
          .x_tap_step = walk_.columns.tap_step * x.lanes,
          .w_channel_step = walk_.rows.taps * walk_.columns.taps * vectors * y.lanes,
          .y_block_stride = y.block_stride(),
          .y_pixel_step = walk_.columns.y_step * y.lanes};
}

std::vector<TiledConvStep::Tile> TiledConvStep::tile_image(std::int64_t vectors) const {
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const AxisWalk& columns = walk_.columns;
  const bool planar = x.lanes != kernels_.lanes;
  const PixelStep step = columns.step == 1 ? (planar ? PixelStep::kPlanar1 : PixelStep::kBlocked1)
                                           : (planar ? PixelStep::kPlanar2 : PixelStep::kBlocked2);
  const std::int64_t rows = flat_ ? 1 : walk_.rows.count;
  const std::int64_t width = flat_ ? y.pixels() : columns.count;
  // The outermost tap before the image and the one behind it.
  const std::int64_t tap_before = columns.tap_step > 0 ? 0 : columns.taps - 1;
  const std::int64_t tap_behind = columns.taps - 1 - tap_before;
  const bool skips_before = columns.before() > x.pad_left && depth_ > 0;
  const bool skips_behind = columns.behind(x.width) > x.pad_right && !flat_ && depth_ > 0;
  const RowTiling tiling = tile_row(width, vectors, kernels_.tiles);
  std::vector<Tile> tiles;
  for (std::int64_t oh = 0; oh < rows; ++oh) {
    const TapRange taps = flat_ ? TapRange{0, 1} : taps_inside(walk_.rows, oh, x.height);
    const std::int64_t row =
        walk_.rows.first + oh * walk_.rows.step + taps.first * walk_.rows.tap_step;
    const std::int64_t y_row = walk_.rows.y_first + oh * walk_.rows.y_step;
    std::int64_t ow = 0;
    for (const std::int64_t pixels : tiling.widths) {
      tiles.push_back(
          {.kernel = kernels_.conv({pixels, vectors}, step, pointwise_),
           .x_offset = row * x.row_stride() + (ow * columns.step + columns.first) * x.lanes,
           .y_offset = (y_row * y.width + columns.y_first + ow * columns.y_step) * y.lanes,
           .w_offset = taps.first * columns.taps * vectors * y.lanes,
           .kernel_height = taps.count,
           .first_pixel = ow,
           .pixels = pixels,
           .skip_first = skips_before && ow == 0 ? tap_before : -1,
           .skip_last = skips_behind && ow + pixels == width ? tap_behind : -1});
      ow += pixels;
    }
  }
  return tiles;
}

// [panel][channel][kh][kw][vectors * lanes]: the order in which the kernels read.
void TiledConvStep::pack_weights(int threads) {
  const std::int64_t lanes = spec_.y.layout.lanes;
  const std::vector<std::int32_t>& blocks = spec_.y.layout.block_channels;
  std::vector<std::int64_t> first_channel{0};  // of each block
  for (const std::int32_t used : blocks) first_channel.push_back(first_channel.back() + used);
  std::int64_t size = 0;
  for (PanelGroup& group : groups_) {
    for (Panel& panel : group.panels) {
      panel.w_offset = size;
      size += depth_ * group.vectors * lanes;
    }
  }
  weights_ = AlignedArray<float>(static_cast<std::size_t>(size));
  for (const PanelGroup& group : groups_) {
    const std::int64_t width = group.vectors * lanes;
    const auto count = static_cast<std::int64_t>(group.panels.size());
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t i = 0; i < count; ++i) {
      const Panel& panel = group.panels[static_cast<std::size_t>(i)];
      float* panel_start = weights_.data() + panel.w_offset;
      for (std::int64_t vector = 0; vector < group.vectors; ++vector) {
        const auto block = static_cast<std::size_t>(panel.first_block + vector);
        const std::int32_t used = blocks[block];
        const float* from = spec_.weight.data() + first_channel[block] * depth_;
        float* to = panel_start + vector * lanes;
        for (std::int64_t k = 0; k < depth_; ++k, to += width) {
          for (std::int64_t c = 0; c < used; ++c) to[c] = from[c * depth_ + k];
          std::fill(to + used, to + lanes, 0.0F);
        }
      }
    }
  }
  spec_.weight = {};
}

std::unique_ptr<Step> make_conv_grad_step(const KernelTable& kernels, const ConvSpec& spec,
                                          int threads) {
  std::vector<std::unique_ptr<Step>> steps;
  for (const ConvWalk& walk : gradient_walks(spec.op, spec.y.layout.extent())) {
    ConvSpec part = spec;
    part.weight = weight_of_walk(spec.weight, walk);
    steps.push_back(std::make_unique<TiledConvStep>(kernels, walk, std::move(part), threads));
  }
  return std::make_unique<StepList>(std::move(steps));
}

}  // namespace apatite::engine::exact
