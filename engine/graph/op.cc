#include "engine/graph/op.h"

namespace apatite::engine {

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

}  // namespace apatite::engine
