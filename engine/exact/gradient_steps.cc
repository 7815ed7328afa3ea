#include "engine/exact/gradient_steps.h"

#include <algorithm>

#include "engine/graph/score.h"

namespace apatite::engine::exact {
namespace {

// Calls put(lane of y, channel) for the lanes of one block that hold a channel.
template <class Function>
void for_each_lane(const Layout& layout, std::int64_t block, Function put) {
  std::int64_t channel = 0;
  for (std::int64_t b = 0; b < block; ++b) {
    channel += layout.block_channels[static_cast<std::size_t>(b)];
  }
  for (std::int64_t lane = 0; lane < layout.block_channels[static_cast<std::size_t>(block)];
       ++lane) {
    put(lane, static_cast<std::size_t>(channel + lane));
  }
}

// A unit of PoolGradStep is a band of rows: a window that reaches over two bands is computed for
// each.
std::int64_t rows_of_band(const Extent& stride) { return 8 * stride.height; }

Units bands_of(const Layout& gx, const Extent& stride) {
  const std::int64_t rows = rows_of_band(stride);
  return {gx.blocks() * divide_up(gx.height, rows), rows * gx.row_stride()};
}

}  // namespace

void ScoreGradStep::run_units(const RunContext& context, Share units) const {
  const std::vector<std::int64_t> from = x_.layout.channel_offsets();
  const std::vector<std::int64_t> to = y_.layout.channel_offsets();
  std::vector<float> logits(from.size());
  for (std::int64_t image = units.begin; image < units.end; ++image) {
    std::int64_t target = kPredicted;
    if (!context.targets.empty()) {
      target = context.targets[static_cast<std::size_t>(context.first_image + image)];
    }
    if (target == kPredicted) {
      const float* x = context.at(x_, image);
      std::transform(from.begin(), from.end(), logits.begin(),
                     [&](std::int64_t offset) { return x[offset]; });
      target = predicted_class(std::span<const float>(logits));
    }
    float* y = context.at(y_, image);
    std::fill_n(y, y_.layout.image_size(), 0.0F);
    if (to.size() == 1) {
      y[0] = target == 1 ? 1.0F : -1.0F;
    } else {
      y[to[static_cast<std::size_t>(target)]] = 1.0F;
    }
  }
}

void ReluGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = gx_.layout;
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    const std::int64_t offset = block * layout.block_stride();
    kernels_.relu_grad(context.at(g_, image) + offset, context.at(y_, image) + offset,
                       context.at(gx_, image) + offset, layout.pixels());
  });
}

PoolGradStep::PoolGradStep(const KernelTable& kernels, const MaxPool2d& op, Value g, Value x,
                           Value gx)
    : UnitStep(bands_of(gx.layout, op.stride)),
      kernels_(kernels),
      window_(op),
      average_(false),
      g_(std::move(g)),
      x_(std::move(x)),
      gx_(std::move(gx)) {}

PoolGradStep::PoolGradStep(const KernelTable& kernels, const AvgPool2d& op, Value g, Value gx)
    : UnitStep(bands_of(gx.layout, op.stride)),
      kernels_(kernels),
      window_{.kernel = op.kernel, .stride = op.stride, .dilation = {}, .padding = op.padding},
      average_(true),
      g_(std::move(g)),
      gx_(std::move(gx)) {
  const Extent in{gx_.layout.height, gx_.layout.width};
  for (std::int64_t oh = 0; oh < g_.layout.height; ++oh) {
    for (std::int64_t ow = 0; ow < g_.layout.width; ++ow) {
      counts_.push_back(static_cast<float>(average_taps(op, in, {oh, ow})));
    }
  }
}

void PoolGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& in = gx_.layout;
  const Layout& out = g_.layout;
  const std::int64_t band_rows = rows_of_band(window_.stride);
  const std::int64_t bands = divide_up(in.height, band_rows);
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    const std::int64_t image = unit / bands / in.blocks();
    const std::int64_t block = unit / bands % in.blocks();
    const std::int64_t first_row = unit % bands * band_rows;
    const std::int64_t offset = block * in.block_stride();
    const PoolGradBand band{.g = context.at(g_, image) + block * out.block_stride(),
                            .x = average_ ? nullptr : context.at(x_, image) + offset,
                            .counts = counts_.data(),
                            .gx = context.at(gx_, image) + offset,
                            .first_row = first_row,
                            .end_row = std::min(first_row + band_rows, in.height),
                            .in_height = in.height,
                            .in_width = in.width,
                            .out_height = out.height,
                            .out_width = out.width,
                            .window = &window_};
    (average_ ? kernels_.avg_pool_grad : kernels_.max_pool_grad)(band, *context.status);
  }
}

void GlobalAvgPoolGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& layout = gx_.layout;
  const auto count = static_cast<float>(layout.pixels());
  for_each_block(units, layout, [&](std::int64_t image, std::int64_t block) {
    const float* g = context.at(g_, image) + block * layout.lanes;
    float* gx = context.at(gx_, image) + block * layout.block_stride();
    for (std::int64_t lane = 0; lane < layout.lanes; ++lane) gx[lane] = g[lane] / count + 0.0F;
    for (std::int64_t i = 1; i < layout.pixels(); ++i) {
      std::copy_n(gx, layout.lanes, gx + i * layout.lanes);
    }
  });
}

void SliceStep::run_units(const RunContext& context, Share units) const {
  const Layout& to = y_.layout;
  const Layout& from = x_.layout;
  const std::vector<std::int64_t> offsets = from.channel_offsets();
  for_each_block(units, to, [&](std::int64_t image, std::int64_t block) {
    float* y = context.at(y_, image) + block * to.block_stride();
    std::fill_n(y, to.block_stride(), 0.0F);
    for_each_lane(to, block, [&](std::int64_t lane, std::size_t channel) {
      const float* x =
          context.at(x_, image) + offsets[channel + static_cast<std::size_t>(op_.first_channel)];
      for (std::int64_t i = 0; i < to.pixels(); ++i) y[i * to.lanes + lane] = x[i * from.lanes];
    });
  });
}

void SubsamplePadGradStep::run_units(const RunContext& context, Share units) const {
  const Layout& to = gx_.layout;
  const Layout& from = g_.layout;
  const std::vector<std::int64_t> offsets = from.channel_offsets();
  for_each_block(units, to, [&](std::int64_t image, std::int64_t block) {
    float* gx = context.at(gx_, image) + block * to.block_stride();
    std::fill_n(gx, to.block_stride(), 0.0F);
    for_each_lane(to, block, [&](std::int64_t lane, std::size_t channel) {
      const float* g =
          context.at(g_, image) + offsets[channel + static_cast<std::size_t>(op_.channels_before)];
      for (std::int64_t oh = 0; oh < from.height; ++oh) {
        float* row = gx + oh * op_.stride * to.row_stride() + lane;
        for (std::int64_t ow = 0; ow < from.width; ++ow) {
          row[ow * op_.stride * to.lanes] = g[oh * from.row_stride() + ow * from.lanes];
        }
      }
    });
  });
}

}  // namespace apatite::engine::exact
