#include "engine/op.h"

namespace apatite {

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
                    },
                    op);
}

}  // namespace apatite
