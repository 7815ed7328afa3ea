#include "engine/exact/conv_step.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace apatite::exact {
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

// The rows of taps of output row `oh` that lie inside the image: first and count.
struct TapRows {
  std::int64_t first;
  std::int64_t count;
};
TapRows tap_rows(const Conv2d& op, std::int64_t oh, std::int64_t in_height) {
  const std::int64_t top = oh * op.stride.height - op.padding.top;
  TapRows rows{0, 0};
  while (rows.first < op.kernel.height && top + rows.first * op.dilation.height < 0) ++rows.first;
  while (rows.first + rows.count < op.kernel.height &&
         top + (rows.first + rows.count) * op.dilation.height < in_height) {
    ++rows.count;
  }
  return rows;
}

// How far the last tap of the last pixel of a row lies beyond the image.
std::int64_t right_overhang(const Conv2d& op, std::int64_t in_width, std::int64_t out_width) {
  return (out_width - 1) * op.stride.width - op.padding.left +
         (op.kernel.width - 1) * op.dilation.width - (in_width - 1);
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

}  // namespace

bool can_tile(const Conv2d& op) { return op.groups == 1 && op.stride.width <= 2; }

bool can_norm_before(const Conv2d& op) {
  return can_tile(op) && one_tap(op) && op.stride == Extent{1, 1};
}

ColumnPadding needed_columns(const Conv2d& op, std::int64_t in_width, std::int64_t out_width) {
  const std::int64_t overhang = right_overhang(op, in_width, out_width);
  const bool skips_do =
      op.padding.left <= 1 && overhang <= 1 && op.kernel.width > 1 && op.dilation.width == 1;
  const bool inside = op.padding.left == 0 && overhang <= 0;
  if (skips_do || inside) return {};
  return {op.padding.left, std::max<std::int64_t>(overhang, 0)};
}

TiledConvStep::TiledConvStep(const KernelTable& kernels, ConvSpec spec, int threads)
    : kernels_(kernels),
      spec_(std::move(spec)),
      pointwise_(one_tap(spec_.op) && spec_.x.layout.lanes == kernels.lanes &&
                 spec_.x.layout.pad_left == 0 && spec_.x.layout.pad_right == 0) {
  choose_panels();
  pack_weights(threads);

  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const auto out = static_cast<std::size_t>(y.blocks() * y.lanes);
  const auto in = static_cast<std::size_t>(x.blocks() * x.lanes);
  channel_values_ = AlignedArray<float>(3 * out + 2 * in);
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
  if (spec_.norm_before) {
    scale_before_ = to;
    to = pad_channels(spec_.norm_before->scale, x, to);
    shift_before_ = to;
    pad_channels(spec_.norm_before->shift, x, to);
    for (const PanelGroup& group : groups_) {
      std::int64_t widest = 0;
      for (const Tile& tile : group.tiles) widest = std::max(widest, tile.pixels);
      scratch_floats_ =
          std::max(scratch_floats_, group.block_tiles * widest * x.blocks() * x.lanes);
    }
  }
  epilogue_.relu = spec_.relu;
}

// The panel width whose tiles cost least, and narrower panels for what is left of the channels.
void TiledConvStep::choose_panels() {
  const Layout& y = spec_.y.layout;
  const bool flat = pointwise_ && spec_.op.stride == Extent{1, 1};
  const std::int64_t row = flat ? y.pixels() : y.width;
  std::int64_t best = 1;
  double best_cost = static_cast<double>(kNever);
  const std::int64_t depth = static_cast<std::int64_t>(spec_.weight.size()) / spec_.op.out_channels;
  for (const std::int64_t vectors : {2, 4, 1}) {
    double cost = tile_row(row, vectors, kernels_.tiles).cost / static_cast<double>(vectors);
    // Weights that leave no room in the second-level cache come from the third for every tile.
    constexpr std::int64_t kPanelBytes = std::int64_t{768} * 1024;
    const std::int64_t panel = depth * vectors * y.lanes * static_cast<std::int64_t>(sizeof(float));
    if (panel > kPanelBytes) cost *= 1.2;
    if (vectors <= y.blocks() && cost < best_cost) {
      best = vectors;
      best_cost = cost;
    }
  }
  // Bytes of input that a block of tiles may touch: about a quarter of a second-level cache.
  constexpr std::int64_t kBlockBytes = std::int64_t{256} * 1024;
  constexpr std::int64_t kBlockPixels = 336;
  std::int64_t channels = 0;
  for (const std::int32_t used : spec_.x.layout.block_channels) channels += used;
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
    const std::int64_t fit = kBlockBytes / static_cast<std::int64_t>(sizeof(float)) / channels;
    group.block_tiles = std::max<std::int64_t>(1, std::min(fit, kBlockPixels) / pixels);
    groups_.push_back(std::move(group));
  }
}

ConvGeometry TiledConvStep::geometry(std::int64_t vectors) const {
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const Conv2d& op = spec_.op;
  return {.block_channels = x.block_channels.data(),
          .blocks = x.blocks(),
          .kernel_width = op.kernel.width,
          .x_block_stride = x.block_stride(),
          .x_row_step = op.dilation.height * x.row_stride(),
          .x_tap_step = op.dilation.width * x.lanes,
          .w_channel_step = op.kernel.height * op.kernel.width * vectors * y.lanes,
          .y_block_stride = y.block_stride(),
          .residual_block_stride = y.block_stride()};
}

std::vector<TiledConvStep::Tile> TiledConvStep::tile_image(std::int64_t vectors) const {
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const Conv2d& op = spec_.op;
  const bool flat = pointwise_ && op.stride == Extent{1, 1};
  const bool planar = x.lanes != kernels_.lanes;
  const PixelStep step = op.stride.width == 1
                             ? (planar ? PixelStep::kPlanar1 : PixelStep::kBlocked1)
                             : (planar ? PixelStep::kPlanar2 : PixelStep::kBlocked2);
  const std::int64_t rows = flat ? 1 : y.height;
  const std::int64_t width = flat ? y.pixels() : y.width;
  const bool padded = x.pad_left >= op.padding.left && op.padding.left > 0;
  const bool skips_left = op.padding.left == 1 && !padded;
  const bool skips_right = right_overhang(op, x.width, y.width) > x.pad_right && !flat;
  const RowTiling tiling = tile_row(width, vectors, kernels_.tiles);
  std::vector<Tile> tiles;
  for (std::int64_t oh = 0; oh < rows; ++oh) {
    const TapRows taps = flat ? TapRows{0, 1} : tap_rows(op, oh, x.height);
    const std::int64_t row =
        flat ? 0 : oh * op.stride.height - op.padding.top + taps.first * op.dilation.height;
    std::int64_t ow = 0;
    for (const std::int64_t pixels : tiling.widths) {
      tiles.push_back(
          {.kernel = kernels_.conv({pixels, vectors}, step, pointwise_),
           .x_offset = row * x.row_stride() + (ow * op.stride.width - op.padding.left) * x.lanes,
           .y_offset = (oh * width + ow) * y.lanes,
           .w_offset = taps.first * op.kernel.width * vectors * y.lanes,
           .kernel_height = taps.count,
           .first_pixel = ow,
           .pixels = pixels,
           .skip_left = skips_left && ow == 0,
           .skip_right = skips_right && ow + pixels == width});
      ow += pixels;
    }
  }
  return tiles;
}

// [panel][channel][kh][kw][vectors * lanes]: the order in which the kernels read.
void TiledConvStep::pack_weights(int threads) {
  const Dims& dims = spec_.weight.dims();
  const std::int64_t out_channels = dims[0];
  const std::int64_t depth = dims[1] * dims[2] * dims[3];
  const std::int64_t lanes = spec_.y.layout.lanes;
  std::int64_t size = 0;
  for (PanelGroup& group : groups_) {
    for (Panel& panel : group.panels) {
      panel.w_offset = size;
      size += depth * group.vectors * lanes;
    }
  }
  weights_ = AlignedArray<float>(static_cast<std::size_t>(size));
  for (const PanelGroup& group : groups_) {
    const std::int64_t width = group.vectors * lanes;
    const auto count = static_cast<std::int64_t>(group.panels.size());
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t i = 0; i < count; ++i) {
      const Panel& panel = group.panels[static_cast<std::size_t>(i)];
      const std::int64_t first = panel.first_block * lanes;
      const std::int64_t used = std::min(width, out_channels - first);
      const float* from = spec_.weight.data() + first * depth;
      float* to = weights_.data() + panel.w_offset;
      for (std::int64_t k = 0; k < depth; ++k, to += width) {
        for (std::int64_t c = 0; c < used; ++c) to[c] = from[c * depth + k];
        std::fill(to + used, to + width, 0.0F);
      }
    }
  }
  spec_.weight = {};
}

void TiledConvStep::run(const RunContext& context) const {
  for (const PanelGroup& group : groups_) run_group(context, group);
}

void TiledConvStep::run_group(const RunContext& context, const PanelGroup& group) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const auto panels = static_cast<std::int64_t>(group.panels.size());
  const std::int64_t units = context.images * tiles;
  // Threads share the image or the output channels, whichever comes out more evenly.
  const auto unevenness = [&](std::int64_t count) {
    const std::int64_t most = (count + context.threads - 1) / context.threads;
    return static_cast<double>(most * context.threads) / static_cast<double>(count);
  };
  const double preference = spec_.norm_before ? 1.1 : 1.0;
  const bool by_panel = unevenness(panels) * preference < unevenness(units);
  const Share all_units{0, units};
  const Share all_panels{0, panels};
  const Share my_units = by_panel ? all_units : share_of(units, context.thread, context.threads);
  const Share my_panels = by_panel ? share_of(panels, context.thread, context.threads) : all_panels;
  for (std::int64_t begin = my_units.begin; begin < my_units.end;) {
    std::int64_t end = std::min(begin + group.block_tiles, my_units.end);
    if (spec_.norm_before) {
      end = std::min(end, (begin / tiles + 1) * tiles);  // a block lies in one image
      normalize_block(context, group, {begin, end});
    }
    run_block(context, group, {begin, end}, my_panels);
    begin = end;
  }
}

// ReLU(fma(x, scale, shift)) of the block's pixels into the scratch: [block][pixel][lane].
void TiledConvStep::normalize_block(const RunContext& context, const PanelGroup& group,
                                    Share units) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const Tile& first = group.tiles[static_cast<std::size_t>(units.begin % tiles)];
  const Tile& last = group.tiles[static_cast<std::size_t>((units.end - 1) % tiles)];
  const std::int64_t pixels = last.first_pixel + last.pixels - first.first_pixel;
  const Layout& layout = spec_.x.layout;
  const float* x = context.at(spec_.x, units.begin / tiles) + first.x_offset;
  for (std::int64_t block = 0; block < layout.blocks(); ++block) {
    kernels_.affine(x + block * layout.block_stride(), scale_before_ + block * layout.lanes,
                    shift_before_ + block * layout.lanes, true,
                    context.scratch + block * pixels * layout.lanes, pixels, *context.status);
  }
}

void TiledConvStep::run_block(const RunContext& context, const PanelGroup& group, Share units,
                              Share panels) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const std::int64_t lanes = spec_.y.layout.lanes;
  ConvGeometry geometry = group.geometry;
  const Tile& first = group.tiles[static_cast<std::size_t>(units.begin % tiles)];
  if (spec_.norm_before) {
    const Tile& last = group.tiles[static_cast<std::size_t>((units.end - 1) % tiles)];
    geometry.x_block_stride = (last.first_pixel + last.pixels - first.first_pixel) * lanes;
  }
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    const Panel& panel = group.panels[static_cast<std::size_t>(p)];
    const std::int64_t y_panel = panel.first_block * geometry.y_block_stride;
    for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
      const std::int64_t image = unit / tiles;
      const Tile& tile = group.tiles[static_cast<std::size_t>(unit - image * tiles)];
      const float* x = spec_.norm_before
                           ? context.scratch + (tile.first_pixel - first.first_pixel) * lanes
                           : context.at(spec_.x, image) + tile.x_offset;
      tile.kernel(
          geometry, epilogue_,
          {.x = x,
           .w = weights_.data() + panel.w_offset + tile.w_offset,
           .y = context.at(spec_.y, image) + y_panel + tile.y_offset,
           .residual = spec_.residual ? context.at(*spec_.residual, image) + y_panel + tile.y_offset
                                      : nullptr,
           .first_channel = panel.first_block * lanes,
           .kernel_height = tile.kernel_height,
           .skip_left = tile.skip_left,
           .skip_right = tile.skip_right},
          *context.status);
    }
  }
}

void GenericConvStep::run(const RunContext& context) const {
  const Conv2d& op = spec_.op;
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const std::vector<std::int64_t> x_channels = x.channel_offsets();
  const std::vector<std::int64_t> y_channels = y.channel_offsets();
  const std::vector<std::int64_t> unused = y.unused_lanes_behind();
  const auto out_channels = static_cast<std::int64_t>(y_channels.size());
  const std::int64_t in_per_group = static_cast<std::int64_t>(x_channels.size()) / op.groups;
  const std::int64_t out_per_group = out_channels / op.groups;
  const std::int64_t depth = in_per_group * op.kernel.height * op.kernel.width;
  const Share share = share_of(context.images * out_channels, context.thread, context.threads);
  for (std::int64_t unit = share.begin; unit < share.end; ++unit) {
    const std::int64_t oc = unit % out_channels;
    const std::int64_t first_ic = oc / out_per_group * in_per_group;
    const float* in = context.at(spec_.x, unit / out_channels);
    float* out =
        context.at(spec_.y, unit / out_channels) + y_channels[static_cast<std::size_t>(oc)];
    const float last = spec_.bias ? spec_.bias->data()[oc] : 0.0F;
    for (std::int64_t oh = 0; oh < y.height; ++oh) {
      const TapRows taps = tap_rows(op, oh, x.height);
      const std::int64_t top = oh * op.stride.height - op.padding.top;
      for (std::int64_t ow = 0; ow < y.width; ++ow) {
        const std::int64_t left = ow * op.stride.width - op.padding.left;
        const float* w = spec_.weight.data() + oc * depth;
        float acc = 0;
        for (std::int64_t ic = first_ic; ic < first_ic + in_per_group; ++ic) {
          const float* channel = in + x_channels[static_cast<std::size_t>(ic)];
          for (std::int64_t kh = taps.first; kh < taps.first + taps.count; ++kh) {
            const float* row = channel + (top + kh * op.dilation.height) * x.row_stride();
            for (std::int64_t kw = 0; kw < op.kernel.width; ++kw) {
              const std::int64_t column = left + kw * op.dilation.width;
              if (column < 0 || column >= x.width) continue;
              acc = std::fma(row[column * x.lanes], w[kh * op.kernel.width + kw], acc);
            }
          }
          w += op.kernel.height * op.kernel.width;
        }
        acc += last;
        context.status->lanes[0] = std::fma(acc, 0.0F, context.status->lanes[0]);
        float* lane = out + oh * y.row_stride() + ow * y.lanes;
        *lane = acc;
        std::fill_n(lane + 1, unused[static_cast<std::size_t>(oc)], 0.0F);
      }
    }
  }
}

void GenericConvGradStep::run(const RunContext& context) const {
  const Conv2d& op = spec_.op;
  const Layout& g = spec_.x.layout;
  const Layout& gx = spec_.y.layout;
  const std::vector<std::int64_t> g_channels = g.channel_offsets();
  const std::vector<std::int64_t> gx_channels = gx.channel_offsets();
  const std::vector<std::int64_t> unused = gx.unused_lanes_behind();
  const auto in_channels = static_cast<std::int64_t>(gx_channels.size());
  const std::int64_t in_per_group = in_channels / op.groups;
  const std::int64_t out_per_group = op.out_channels / op.groups;
  const Share share = share_of(context.images * in_channels, context.thread, context.threads);
  for (std::int64_t unit = share.begin; unit < share.end; ++unit) {
    const std::int64_t ic = unit % in_channels;
    const std::int64_t first_oc = ic / in_per_group * out_per_group;
    const float* in = context.at(spec_.x, unit / in_channels);
    float* out =
        context.at(spec_.y, unit / in_channels) + gx_channels[static_cast<std::size_t>(ic)];
    for (std::int64_t h = 0; h < gx.height; ++h) {
      for (std::int64_t v = 0; v < gx.width; ++v) {
        float acc = 0;
        for (std::int64_t oc = first_oc; oc < first_oc + out_per_group; ++oc) {
          const float* channel = in + g_channels[static_cast<std::size_t>(oc)];
          const float* w = spec_.weight.data() + (oc * in_per_group + ic % in_per_group) *
                                                     op.kernel.height * op.kernel.width;
          for (std::int64_t kh = 0; kh < op.kernel.height; ++kh) {
            const std::int64_t row = h + op.padding.top - kh * op.dilation.height;
            if (row < 0 || row % op.stride.height != 0) continue;
            if (row / op.stride.height >= g.height) continue;
            for (std::int64_t kw = 0; kw < op.kernel.width; ++kw) {
              const std::int64_t column = v + op.padding.left - kw * op.dilation.width;
              if (column < 0 || column % op.stride.width != 0) continue;
              if (column / op.stride.width >= g.width) continue;
              acc = std::fma(channel[row / op.stride.height * g.row_stride() +
                                     column / op.stride.width * g.lanes],
                             w[kh * op.kernel.width + kw], acc);
            }
          }
        }
        acc += 0.0F;
        context.status->lanes[0] = std::fma(acc, 0.0F, context.status->lanes[0]);
        float* lane = out + h * gx.row_stride() + v * gx.lanes;
        *lane = acc;
        std::fill_n(lane + 1, unused[static_cast<std::size_t>(ic)], 0.0F);
      }
    }
  }
}

}  // namespace apatite::exact
