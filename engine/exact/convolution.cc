#include "engine/exact/convolution.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/exact/conv_step.h"

namespace apatite::engine::exact {
namespace {

// The channels of the result, with a multiply-add counted as a float moved.
Units channels_of(const ConvSpec& spec) {
  std::int64_t channels = 0;
  for (const std::int32_t used : spec.y.layout.block_channels) channels += used;
  const auto weights = static_cast<std::int64_t>(spec.weight.size());
  return {channels, spec.y.layout.pixels() * weights / std::max<std::int64_t>(1, channels)};
}

// One value at a time.
class GenericConvStep final : public UnitStep {
 public:
  explicit GenericConvStep(ConvSpec spec) : UnitStep(channels_of(spec)), spec_(std::move(spec)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  ConvSpec spec_;
};

// The gradient with respect to the input.
class GenericConvGradStep final : public UnitStep {
 public:
  explicit GenericConvGradStep(ConvSpec spec)
      : UnitStep(channels_of(spec)), spec_(std::move(spec)) {}

 private:
  void run_units(const RunContext& context, Share units) const override;

  ConvSpec spec_;
};

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

// The columns of +0 that a convolution's or gradient's tiles read beside the image.
ColumnPadding columns_of(const Graph& graph, const Node& node, std::int64_t in_width) {
  std::vector<ConvWalk> walks;
  const Extent out{node.shape.height, node.shape.width};
  // The generic steps go by strides.
  if (const auto conv = as_convolution(graph, node); conv && can_tile(*conv)) {
    walks.push_back(forward_walk(*conv, out));
  }
  if (const auto conv = as_convolution_grad(graph, node); conv && can_tile_grad(*conv)) {
    walks = gradient_walks(*conv, out);
  }
  ColumnPadding columns;
  for (const ConvWalk& walk : walks) {
    const ColumnPadding needed = needed_columns(walk, in_width);
    columns.left = std::max(columns.left, needed.left);
    columns.right = std::max(columns.right, needed.right);
  }
  return columns;
}

// `weight`: {out, in / groups, kernel height, kernel width}.
std::unique_ptr<Step> make_convolution(const Conv2d& op, Tensor weight, const StepSpec& spec) {
  const FusedGroup& group = spec.group();
  ConvSpec conv{.op = op, .x = spec.x(0), .y = spec.y(), .weight = std::move(weight)};
  if (op.bias) conv.bias = spec.load(1);
  if (group.prologue) {
    conv.prologue = spec.load_norm(*group.prologue);
    conv.prologue_activation = group.prologue_activation;
  }
  if (group.norm) conv.norm = spec.load_norm(*group.norm);
  if (spec.scheduled.residual) conv.residual = spec.value(*spec.scheduled.residual);
  conv.activation = group.activation;
  if (!can_tile(op)) return std::make_unique<GenericConvStep>(std::move(conv));
  const ConvWalk walk = forward_walk(op, conv.y.layout.extent());
  return std::make_unique<TiledConvStep>(spec.kernels, walk, std::move(conv), spec.threads);
}

std::unique_ptr<Step> make_convolution_grad(const Conv2d& op, const StepSpec& spec) {
  const FusedGroup& group = spec.group();
  ConvSpec conv{.op = op, .x = spec.x(0), .y = spec.y()};
  const Dims dims{op.out_channels, spec.main().shape.channels / op.groups, op.kernel.height,
                  op.kernel.width};
  conv.weight = Tensor(dims, spec.load(0).values());
  if (spec.scheduled.residual) conv.residual = spec.value(*spec.scheduled.residual);
  if (spec.scheduled.relu_mask) conv.relu_mask = spec.value(*spec.scheduled.relu_mask);
  if (group.relu_mask_norm) conv.relu_mask_norm = spec.load_norm(*group.relu_mask_norm);
  if (group.norm) conv.norm = spec.load_norm(*group.norm);
  conv.residual_first = group.residual_first;
  if (!can_tile_grad(op)) return std::make_unique<GenericConvGradStep>(std::move(conv));
  return make_conv_grad_step(spec.kernels, conv, spec.threads);
}

}  // namespace

std::unique_ptr<Step> make_step(const Conv2d& op, const StepSpec& spec) {
  return make_convolution(op, spec.load(0), spec);
}

std::unique_ptr<Step> make_step(const Linear& /*op*/, const StepSpec& spec) {
  const Conv2d op = as_convolution(spec.graph, spec.main()).value();
  const Dims dims{op.out_channels, spec.graph.node(spec.main().inputs[0]).shape.channels,
                  op.kernel.height, op.kernel.width};
  return make_convolution(op, Tensor(dims, spec.load(0).values()), spec);
}

std::unique_ptr<Step> make_step(const Conv2dInputGrad& op, const StepSpec& spec) {
  return make_convolution_grad(op.forward, spec);
}

std::unique_ptr<Step> make_step(const LinearInputGrad& /*op*/, const StepSpec& spec) {
  return make_convolution_grad(as_convolution_grad(spec.graph, spec.main()).value(), spec);
}

ScheduleRules schedule_rules(const Graph& graph, std::int64_t lanes, bool fused) {
  return {.lanes = lanes,
          .fusion = {.enabled = fused,
                     .takes_prologue =
                         [](const Node& node, Activation /*activation*/) {
                           return can_take_prologue(std::get<Conv2d>(node.op));
                         },
                     .takes_epilogue =
                         [](const Node& node) {
                           const auto* grad = std::get_if<Conv2dInputGrad>(&node.op);
                           return grad != nullptr ? can_tile_grad(grad->forward)
                                                  : can_tile(std::get<Conv2d>(node.op));
                         }},
          .columns = [&graph](const Node& node, std::int64_t in_width) {
            return columns_of(graph, node, in_width);
          }};
}

}  // namespace apatite::engine::exact
