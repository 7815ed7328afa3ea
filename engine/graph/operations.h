// The table of operations: one row per operation, with what the library must know of it beside its
// formula. An operation without a row does not compile.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/graph/activation.h"
#include "engine/graph/graph.h"
#include "engine/graph/op.h"

namespace apatite::engine {

// In which channel blocks a result lies (engine/schedule/layout.h).
enum class BlockRule {
  kFull,           // full blocks, and a last one with the channels that are left
  kImage,          // the image that a network starts from
  kOfFirstInput,   // the blocks of the first input
  kOfAllInputs,    // likewise; the other inputs are brought into the layout of the first one
  kOfSecondInput,  // the blocks of the second input; the first input is brought into them
  kJoined,         // the blocks of all inputs, one after the other
  kPart,           // where they are whole blocks, the input's own; else full blocks
  kOfConvolution,  // the gradient of a convolution: the blocks of what the convolution reads
};

// What an operation can be in a group of operations that are computed together
// (engine/schedule/fusion.h).
enum class FusionRole {
  kAlone,             // a group of its own
  kBeforeActivation,  // an activation can follow it
  kConvolution,       // a batch norm, a sum and an activation can follow it
  kConvolutionGrad,   // a sum and the gradients of a ReLU and of a batch norm can follow it
  kNorm,              // a batch norm
  kNormGrad,          // the gradient of a batch norm
  kSum,               // the sum of two values
  kActivation,        // an activation
  kReluGrad,          // the gradient of a ReLU
};

// What a gradient reads of the operation that it belongs to, as its second input. This decides
// where g goes: the gradient is linear in g alone.
enum class ForwardValue { kNone, kInput, kResult };

// Multiply-adds: for each value of the result, or of g, as many as one output channel has weights.
enum class MultiplyAdds { kNone, kPerResult, kPerGradient };

// How many terms are summed in one value of the result, beside those that a row counts itself.
enum class Terms {
  kNone,
  kWeights,        // weights / channels of the result
  kInputChannels,  // channels of the first input
  kInputPixels,    // pixels of the first input
};

struct Operation {
  std::string_view name;  // as `apatite describe` prints it
  BlockRule blocks = BlockRule::kFull;
  FusionRole fusion = FusionRole::kAlone;
  Activation activation = Activation::kIdentity;  // FusionRole::kActivation: which one
  ForwardValue reads_forward = ForwardValue::kNone;
  // Of the node's parameters the first `learnt` (or as many as there are) are learnt by gradients
  // and belong to the operation.
  std::int64_t learnt = 0;
  MultiplyAdds multiply_adds = MultiplyAdds::kNone;
  // Roundings on the way from an input to a result: `terms` and `roundings` together. None of both:
  // every value of the result is one of the inputs, or a constant.
  Terms terms = Terms::kNone;
  std::int64_t roundings = 0;
};

constexpr std::int64_t taps_of(const Extent& kernel) { return kernel.height * kernel.width; }

// The rows.

constexpr Operation row_of(const Input& /*op*/) {
  return {.name = "input", .blocks = BlockRule::kImage};
}
constexpr Operation row_of(const Conv2d& /*op*/) {
  return {.name = "conv2d",
          .fusion = FusionRole::kConvolution,
          .learnt = 2,
          .multiply_adds = MultiplyAdds::kPerResult,
          .terms = Terms::kWeights,
          .roundings = 1};  // the bias
}
constexpr Operation row_of(const BatchNorm& /*op*/) {
  return {.name = "batch_norm",
          .blocks = BlockRule::kOfFirstInput,
          .fusion = FusionRole::kNorm,
          .learnt = 2,      // gamma, beta
          .roundings = 2};  // scale or shift, and the fma
}
constexpr Operation row_of(const Relu& /*op*/) {
  return {.name = "relu",
          .blocks = BlockRule::kOfFirstInput,
          .fusion = FusionRole::kActivation,
          .activation = Activation::kRelu};
}
constexpr Operation row_of(const MaxPool2d& /*op*/) {
  return {.name = "max_pool2d", .blocks = BlockRule::kOfFirstInput};
}
constexpr Operation row_of(const AvgPool2d& op) {
  return {
      .name = "avg_pool2d", .blocks = BlockRule::kOfFirstInput, .roundings = taps_of(op.kernel)};
}
constexpr Operation row_of(const GlobalAvgPool& /*op*/) {
  return {
      .name = "global_avg_pool", .blocks = BlockRule::kOfFirstInput, .terms = Terms::kInputPixels};
}
constexpr Operation row_of(const Linear& /*op*/) {
  return {.name = "linear",
          .learnt = 2,
          .multiply_adds = MultiplyAdds::kPerResult,
          .terms = Terms::kWeights,
          .roundings = 1};  // the bias
}
constexpr Operation row_of(const Add& /*op*/) {
  return {
      .name = "add", .blocks = BlockRule::kOfAllInputs, .fusion = FusionRole::kSum, .roundings = 1};
}
constexpr Operation row_of(const Concat& /*op*/) {
  return {.name = "concat", .blocks = BlockRule::kJoined};
}
constexpr Operation row_of(const SubsamplePad& /*op*/) { return {.name = "subsample_pad"}; }
constexpr Operation row_of(const ScoreGrad& /*op*/) {
  return {.name = "score_grad", .blocks = BlockRule::kOfFirstInput};
}
constexpr Operation row_of(const Conv2dInputGrad& /*op*/) {
  return {.name = "conv2d_input_grad",
          .blocks = BlockRule::kOfConvolution,
          .fusion = FusionRole::kConvolutionGrad,
          .multiply_adds = MultiplyAdds::kPerGradient,
          .terms = Terms::kWeights};
}
constexpr Operation row_of(const BatchNormGrad& /*op*/) {
  return {.name = "batch_norm_grad",
          .blocks = BlockRule::kOfFirstInput,
          .fusion = FusionRole::kNormGrad,
          .roundings = 2};  // the scale, and the product
}
constexpr Operation row_of(const ReluGrad& /*op*/) {
  return {.name = "relu_grad",
          .blocks = BlockRule::kOfAllInputs,
          .fusion = FusionRole::kReluGrad,
          .reads_forward = ForwardValue::kResult};
}
// As many windows meet in a pixel as there are taps in a window.
constexpr Operation row_of(const MaxPool2dGrad& op) {
  return {.name = "max_pool2d_grad",
          .blocks = BlockRule::kOfSecondInput,
          .reads_forward = ForwardValue::kInput,
          .roundings = taps_of(op.forward.kernel)};
}
constexpr Operation row_of(const AvgPool2dGrad& op) {
  return {.name = "avg_pool2d_grad",
          .blocks = BlockRule::kOfFirstInput,
          .roundings = taps_of(op.forward.kernel) + 1};  // the division
}
constexpr Operation row_of(const GlobalAvgPoolGrad& /*op*/) {
  return {.name = "global_avg_pool_grad", .blocks = BlockRule::kOfFirstInput, .roundings = 1};
}
constexpr Operation row_of(const LinearInputGrad& /*op*/) {
  return {.name = "linear_input_grad",
          .blocks = BlockRule::kOfConvolution,
          .multiply_adds = MultiplyAdds::kPerGradient,
          .terms = Terms::kInputChannels};
}
constexpr Operation row_of(const Slice& /*op*/) {
  return {.name = "slice", .blocks = BlockRule::kPart};
}
constexpr Operation row_of(const SubsamplePadGrad& /*op*/) {
  return {.name = "subsample_pad_grad"};
}
constexpr Operation row_of(const ScaledAdd& /*op*/) {
  return {.name = "scaled_add",
          .blocks = BlockRule::kOfAllInputs,
          .fusion = FusionRole::kBeforeActivation,
          .roundings = 1};
}
constexpr Operation row_of(const ScaledAddGrad& /*op*/) {
  return {.name = "scaled_add_grad", .blocks = BlockRule::kOfFirstInput, .roundings = 1};
}

// The row of the operation that a node has.
Operation operation_of(const Op& op);

// "conv2d", "batch_norm", ... as `apatite describe` prints them.
std::string_view op_name(const Op& op);

// Multiply-adds of a node for one image: one per output value and tap, taps in the padding
// included.
std::int64_t multiply_adds(const Graph& graph, const Node& node);

// Learnt numbers that belong to a node: weights, biases, gamma, beta.
std::int64_t learnt_parameters(const Graph& graph, const Node& node);

// The most roundings between an input and a value of the result: products and sums of its chain,
// the bias, the division. 0: the operation moves values and rounds nothing.
std::int64_t chain_length(const Graph& graph, const Node& node);

}  // namespace apatite::engine
