// How the work of a convolution is divided and done.
#include <algorithm>

#include "engine/exact/conv_step.h"
#include "engine/exact/elementwise.h"

namespace apatite::engine::exact {
namespace {

// Of a chunk, at least, where there is as much: vector multiply-adds, about 20 microseconds.
constexpr std::int64_t kChunkWork = 100'000;

}  // namespace

std::span<const float> TiledConvStep::weights_of(const PanelGroup& group,
                                                 std::int64_t panel) const {
  return {weights_.data() + group.panels[static_cast<std::size_t>(panel)].w_offset,
          static_cast<std::size_t>(depth_ * group.vectors * spec_.y.layout.lanes)};
}

std::span<const float> TiledConvStep::first_weights(const RunContext& context) const {
  for (const PanelGroup& group : groups_) {
    const Work work = work_of(context, group);
    if (work.chunks > 0) return weights_of(group, work.panels.begin);
  }
  return {};
}

std::int64_t TiledConvStep::chunks(const RunContext& context) const {
  std::int64_t count = 0;
  for (const PanelGroup& group : groups_) count += work_of(context, group).chunks;
  return count;
}

void TiledConvStep::run_chunk(const RunContext& context, std::int64_t chunk) const {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Work work = work_of(context, groups_[i]);
    if (chunk < work.chunks) return run_group_chunk(context, i, work, chunk);
    chunk -= work.chunks;
  }
}

TiledConvStep::Work TiledConvStep::work_of(const RunContext& context,
                                           const PanelGroup& group) const {
  const auto panels = static_cast<std::int64_t>(group.panels.size());
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const std::int64_t units = context.images * tiles;
  // The threads share either the pixels or the output channels: the one that gives them more equal
  // parts. If both do, the one of which each thread reads less.
  const auto unevenness = [&](std::int64_t count) {
    const std::int64_t most = divide_up(count, context.parts);
    return static_cast<double>(most * context.parts) / static_cast<double>(count);
  };
  const Layout& x = spec_.x.layout;
  const bool more_weights =
      static_cast<std::int64_t>(weights_.size()) > context.images * x.blocks() * x.block_stride();
  const double preference = spec_.prologue ? 1.1 : more_weights ? 0.99 : 1.0;
  const bool by_panels = unevenness(panels) * preference < unevenness(units);

  Work work{.panels = {0, panels}};
  if (by_panels) work.panels = share_of(panels, context.part, context.parts);
  // As many blocks for each part. One that is normalised first lies in one image.
  const bool norm = spec_.prologue.has_value();
  const std::int64_t divisible = norm ? tiles : units;
  const std::int64_t multiple = by_panels ? 1 : context.parts;
  const std::int64_t blocks =
      divide_up(divide_up(divisible, group.block_tiles), multiple) * multiple;
  work.all_blocks = std::min(blocks, divisible) * (norm ? context.images : 1);
  work.blocks = by_panels ? Share{0, work.all_blocks}
                          : share_of(work.all_blocks, context.part, context.parts);
  // To normalise less than a block at a time takes longer than it helps.
  const std::int64_t block_tiles = units / work.all_blocks;
  if (!norm) {
    work.slices =
        std::clamp<std::int64_t>(block_tiles * group.tile_work / kChunkWork, 1, block_tiles);
  }
  const std::int64_t passes =
      norm ? std::min<std::int64_t>(work.panels.size(), 1) : work.panels.size();
  work.chunks = work.blocks.size() * passes * work.slices;
  return work;
}

Share TiledConvStep::block_units(const RunContext& context, const PanelGroup& group,
                                 std::int64_t block, std::int64_t all_blocks) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  if (!spec_.prologue) return share_of(context.images * tiles, block, all_blocks);
  const std::int64_t of_image = all_blocks / context.images;
  return share_of(tiles, block % of_image, of_image).moved(block / of_image * tiles);
}

std::span<const float> TiledConvStep::weights_after(const RunContext& context,
                                                    std::size_t index) const {
  if (index + 1 < groups_.size()) return weights_of(groups_[index + 1], 0);
  if (context.next != nullptr) return context.next->first_weights(context);
  return {};
}

void TiledConvStep::run_group_chunk(const RunContext& context, std::size_t index, const Work& work,
                                    std::int64_t chunk) const {
  const PanelGroup& group = groups_[index];
  const std::int64_t chunks_of_block = work.chunks / work.blocks.size();
  const std::int64_t block_index = work.blocks.begin + chunk / chunks_of_block;
  const std::int64_t in_block = chunk % chunks_of_block;
  const Share block = block_units(context, group, block_index, work.all_blocks);
  const auto next_weights = [&](std::int64_t panel) {
    if (panel + 1 < work.panels.end) return weights_of(group, panel + 1);
    if (block_index + 1 < work.blocks.end) return weights_of(group, work.panels.begin);
    return weights_after(context, index);
  };
  if (spec_.prologue) {
    normalize_block(context, group, block);
    for (std::int64_t panel = work.panels.begin; panel < work.panels.end; ++panel) {
      run_tiles(context, group, block, block, panel, next_weights(panel));
    }
  } else {
    const std::int64_t panel = work.panels.begin + in_block / work.slices;
    const Share units = share_of(block.size(), in_block % work.slices, work.slices);
    run_tiles(context, group, block, units.moved(block.begin), panel, next_weights(panel));
  }
}

// The prologue's activation of fma(x, scale, shift), for the block's pixels into the scratch:
// [block][pixel][lane].
void TiledConvStep::normalize_block(const RunContext& context, const PanelGroup& group,
                                    Share units) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const Tile& first = group.tiles[static_cast<std::size_t>(units.begin % tiles)];
  const Tile& last = group.tiles[static_cast<std::size_t>((units.end - 1) % tiles)];
  const std::int64_t pixels = last.first_pixel + last.pixels - first.first_pixel;
  const Layout& layout = spec_.x.layout;
  const float* x = context.at(spec_.x, units.begin / tiles) + first.x_offset;
  for (std::int64_t block = 0; block < layout.blocks(); ++block) {
    kernels_.elementwise->affine(
        x + block * layout.block_stride(), scale_before_ + block * layout.lanes,
        shift_before_ + block * layout.lanes, spec_.prologue_activation,
        context.scratch + block * pixels * layout.lanes, pixels, *context.status);
  }
}

void TiledConvStep::run_tiles(const RunContext& context, const PanelGroup& group, Share block,
                              Share units, std::int64_t panel_index,
                              std::span<const float> next_weights) const {
  const auto tiles = static_cast<std::int64_t>(group.tiles.size());
  const std::int64_t lanes = spec_.y.layout.lanes;
  ConvGeometry geometry = group.geometry;
  const Tile& first = group.tiles[static_cast<std::size_t>(block.begin % tiles)];
  if (spec_.prologue) {
    const Tile& last = group.tiles[static_cast<std::size_t>((block.end - 1) % tiles)];
    geometry.x_block_stride = (last.first_pixel + last.pixels - first.first_pixel) * lanes;
  }
  const Panel& panel = group.panels[static_cast<std::size_t>(panel_index)];
  const float* w = weights_.data() + panel.w_offset;
  // Each tile of the block fetches its share of the weights that come next.
  const std::int64_t share =
      divide_up(static_cast<std::int64_t>(next_weights.size()), block.size());
  const std::int64_t y_panel = panel.first_block * geometry.y_block_stride;
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    const std::int64_t image = unit / tiles;
    const Tile& tile = group.tiles[static_cast<std::size_t>(unit - image * tiles)];
    const float* x = spec_.prologue
                         ? context.scratch + (tile.first_pixel - first.first_pixel) * lanes
                         : context.at(spec_.x, image) + tile.x_offset;
    tile.kernel(
        geometry, epilogue_,
        {.x = x,
         .w = w + tile.w_offset,
         .y = context.at(spec_.y, image) + y_panel + tile.y_offset,
         .residual = spec_.residual ? context.at(*spec_.residual, image) + y_panel + tile.y_offset
                                    : nullptr,
         .relu_mask = spec_.relu_mask
                          ? context.at(*spec_.relu_mask, image) + y_panel + tile.y_offset
                          : nullptr,
         .first_channel = panel.first_block * lanes,
         .kernel_height = tile.kernel_height,
         .skip_first = tile.skip_first,
         .skip_last = tile.skip_last,
         .next_w = next_weights.empty() ? w : next_weights.data() + share * (unit - block.begin),
         .next_w_step =
             divide_up(share, std::max<std::int64_t>(1, channels_ * tile.kernel_height))},
        *context.status);
  }
}

}  // namespace apatite::engine::exact
