#include "engine/op.h"

#include <algorithm>

namespace apatite {
namespace {

// Taps of a window from `first` on that lie in [low, high).
std::int64_t taps_inside(std::int64_t first, std::int64_t kernel, std::int64_t low,
                         std::int64_t high) {
  return std::max<std::int64_t>(std::min(first + kernel, high) - std::max(first, low), 0);
}

}  // namespace

std::int64_t average_taps(const AvgPool2d& op, const Extent& in, const Extent& at) {
  const std::int64_t top = at.height * op.stride.height - op.padding.top;
  const std::int64_t left = at.width * op.stride.width - op.padding.left;
  const Padding pad = op.count_include_pad ? op.padding : Padding{};
  return taps_inside(top, op.kernel.height, -pad.top, in.height + pad.bottom) *
         taps_inside(left, op.kernel.width, -pad.left, in.width + pad.right);
}

std::string_view op_name(const Op& op) {
  return std::visit(Overloaded{
                        [](const Input&) { return "input"; },
                        [](const Conv2d&) { return "conv2d"; },
                        [](const BatchNorm&) { return "batch_norm"; },
                        [](const Relu&) { return "relu"; },
                        [](const MaxPool2d&) { return "max_pool2d"; },
                        [](const AvgPool2d&) { return "avg_pool2d"; },
                        [](const GlobalAvgPool&) { return "global_avg_pool"; },
                        [](const Linear&) { return "linear"; },
                        [](const Add&) { return "add"; },
                        [](const Concat&) { return "concat"; },
                        [](const SubsamplePad&) { return "subsample_pad"; },
                        [](const ScoreGrad&) { return "score_grad"; },
                        [](const Conv2dInputGrad&) { return "conv2d_input_grad"; },
                        [](const BatchNormGrad&) { return "batch_norm_grad"; },
                        [](const ReluGrad&) { return "relu_grad"; },
                        [](const MaxPool2dGrad&) { return "max_pool2d_grad"; },
                        [](const AvgPool2dGrad&) { return "avg_pool2d_grad"; },
                        [](const GlobalAvgPoolGrad&) { return "global_avg_pool_grad"; },
                        [](const LinearInputGrad&) { return "linear_input_grad"; },
                        [](const Slice&) { return "slice"; },
                        [](const SubsamplePadGrad&) { return "subsample_pad_grad"; },
                    },
                    op);
}

}  // namespace apatite
