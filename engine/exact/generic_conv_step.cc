#include "engine/exact/generic_conv_step.h"

#include <algorithm>
#include <cmath>

namespace apatite::engine::exact {

Units channels_of(const ConvSpec& spec) {
  std::int64_t channels = 0;
  for (const std::int32_t used : spec.y.layout.block_channels) channels += used;
  const auto weights = static_cast<std::int64_t>(spec.weight.size());
  return {channels, spec.y.layout.pixels() * weights / std::max<std::int64_t>(1, channels)};
}

void GenericConvStep::run_units(const RunContext& context, Share units) const {
  const Conv2d& op = spec_.op;
  const Layout& x = spec_.x.layout;
  const Layout& y = spec_.y.layout;
  const std::vector<std::int64_t> x_channels = x.channel_offsets();
  const std::vector<std::int64_t> y_channels = y.channel_offsets();
  const std::vector<std::int64_t> unused = y.unused_lanes_behind();
  const ConvWalk walk = forward_walk(op, y.extent());
  const auto out_channels = static_cast<std::int64_t>(y_channels.size());
  const std::int64_t in_per_group = static_cast<std::int64_t>(x_channels.size()) / op.groups;
  const std::int64_t out_per_group = out_channels / op.groups;
  const std::int64_t depth = in_per_group * op.kernel.height * op.kernel.width;
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    const std::int64_t oc = unit % out_channels;
    const std::int64_t first_ic = oc / out_per_group * in_per_group;
    const float* in = context.at(spec_.x, unit / out_channels);
    float* out =
        context.at(spec_.y, unit / out_channels) + y_channels[static_cast<std::size_t>(oc)];
    const float last = spec_.bias ? spec_.bias->data()[oc] : 0.0F;
    for (std::int64_t oh = 0; oh < y.height; ++oh) {
      const TapRange taps = taps_inside(walk.rows, oh, x.height);
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

void GenericConvGradStep::run_units(const RunContext& context, Share units) const {
  const Conv2d& op = spec_.op;
  const Layout& g = spec_.x.layout;
  const Layout& gx = spec_.y.layout;
  const std::vector<std::int64_t> g_channels = g.channel_offsets();
  const std::vector<std::int64_t> gx_channels = gx.channel_offsets();
  const std::vector<std::int64_t> unused = gx.unused_lanes_behind();
  const auto in_channels = static_cast<std::int64_t>(gx_channels.size());
  const std::int64_t in_per_group = in_channels / op.groups;
  const std::int64_t out_per_group = op.out_channels / op.groups;
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
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

}  // namespace apatite::engine::exact
