// The work of a program as a list of launches: plain data, which a GPU (kernels.h) or a test on the
// CPU carries out one after the other.
#pragma once

#include <variant>

#include "engine/cuda/conv_args.h"
#include "engine/cuda/element_ops.h"

namespace apatite::engine::cuda {

using Launch =
    std::variant<ConvArgs, ReadInput, WriteOutput, CopyValue, AffineOp, ReluOp, AddOp, MaxPoolOp,
                 AvgPoolOp, GlobalAvgPoolOp, SubsamplePadOp, ScoreGradOp, ReluGradOp, MaxPoolGradOp,
                 AvgPoolGradOp, GlobalAvgPoolGradOp, SubsamplePadGradOp>;

}  // namespace apatite::engine::cuda
