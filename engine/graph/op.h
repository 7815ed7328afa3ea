// The closed set of operations. Each struct holds the attributes of one operation and nothing else.
// layers/ says what it means (formula, shapes, order of sums, gradient), operations.h has a row
// about each, and the backends run it.
#pragma once

#include <cstdint>
#include <variant>

namespace apatite::engine {

// A size or step along the two spatial axes.
struct Extent {
  std::int64_t height = 1;
  std::int64_t width = 1;
  bool operator==(const Extent&) const = default;
};

// Rows and columns added around an image.
struct Padding {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t bottom = 0;
  std::int64_t right = 0;
  bool operator==(const Padding&) const = default;
  static Padding same(std::int64_t all) { return {all, all, all, all}; }
};

// The image that a graph starts from. No inputs.
struct Input {};

// Inputs: x. Parameters: weight {out_channels, C/groups, kernel.height, kernel.width},
// bias {out_channels} if `bias`.
struct Conv2d {
  std::int64_t out_channels = 0;
  Extent kernel{};
  Extent stride{};
  Extent dilation{};
  Padding padding{};
  std::int64_t groups = 1;
  bool bias = false;
};

// Inputs: x. Parameters: weight (gamma), bias (beta), running_mean, running_var, each {C}.
struct BatchNorm {
  double epsilon = 1e-5;
};

// Inputs: x.
struct Relu {};

// Inputs: x. Taps outside the image do not take part. The output size (floor or ceil) is in the
// node's shape.
struct MaxPool2d {
  Extent kernel{};
  Extent stride{};
  Extent dilation{};
  Padding padding{};
};

// Inputs: x. Divides by the number of taps inside the image or, with count_include_pad, inside the
// padded image. The output size (floor or ceil) is in the node's shape.
struct AvgPool2d {
  Extent kernel{};
  Extent stride{};
  Padding padding{};
  bool count_include_pad = true;
};

// Taps of a window from `first` on that lie in [low, high).
constexpr std::int64_t window_taps_inside(std::int64_t first, std::int64_t kernel, std::int64_t low,
                                          std::int64_t high) {
  const std::int64_t begin = first > low ? first : low;
  const std::int64_t end = first + kernel < high ? first + kernel : high;
  return end > begin ? end - begin : 0;
}

// The divisor of average pooling at output row and column `at` of an image of size `in`: taps
// inside the image or, with count_include_pad, inside the padded image (a ceil-mode window may end
// beyond).
constexpr std::int64_t average_taps(const AvgPool2d& op, const Extent& in, const Extent& at) {
  const std::int64_t top = at.height * op.stride.height - op.padding.top;
  const std::int64_t left = at.width * op.stride.width - op.padding.left;
  const Padding pad = op.count_include_pad ? op.padding : Padding{};
  return window_taps_inside(top, op.kernel.height, -pad.top, in.height + pad.bottom) *
         window_taps_inside(left, op.kernel.width, -pad.left, in.width + pad.right);
}

// Inputs: x (C x H x W). Output C x 1 x 1: the mean over the image.
struct GlobalAvgPool {};

// Inputs: x (C x H x W, taken as a vector in that order). Output out_features x 1 x 1.
// Parameters: weight {out_features, C*H*W}, bias {out_features} if `bias`.
struct Linear {
  std::int64_t out_features = 0;
  bool bias = true;
};

// Inputs: a, b of one shape.
struct Add {};

// Inputs: x, branch of one shape. y = x + branch * scale: a residual sum whose branch is scaled
// down (Szegedy et al. 2017, section 3.3).
struct ScaledAdd {
  float scale = 1;
};

// Inputs: one or more of one height and width; the channels in the order of the inputs.
struct Concat {};

// Inputs: x. Every `stride`-th row and column, with zero channels before and after: the
// parameter-free shortcut (option A) of He et al. 2015, section 4.2.
struct SubsamplePad {
  std::int64_t stride = 1;
  std::int64_t channels_before = 0;
  std::int64_t channels_after = 0;
};

// The gradients. `forward` is the operation that they belong to, g the gradient of the score with
// respect to its result; the result is the one with respect to its (first) input x, of x's shape.
// layers/ gives each rule beside its forward definition.

// Inputs: the logits. The gradient of the score with respect to them: 1 at the image's target class
// (Executable::run), 0 elsewhere; of a single logit 1 for class 1, -1 for class 0.
struct ScoreGrad {};

// Inputs: g. Parameters: the weight.
struct Conv2dInputGrad {
  Conv2d forward;
};

// Inputs: g. Parameters: those of BatchNorm.
struct BatchNormGrad {
  double epsilon = 1e-5;
};

// Inputs: g, y (the result of the ReLU).
struct ReluGrad {};

// Inputs: g, x.
struct MaxPool2dGrad {
  MaxPool2d forward;
};

// Inputs: g.
struct AvgPool2dGrad {
  AvgPool2d forward;
};

// Inputs: g.
struct GlobalAvgPoolGrad {};

// Inputs: g. Parameters: the weight.
struct LinearInputGrad {};

// Inputs: x. As many channels as the node's shape has, from `first_channel` on.
struct Slice {
  std::int64_t first_channel = 0;
};

// Inputs: g.
struct SubsamplePadGrad {
  SubsamplePad forward;
};

// Inputs: g. The gradient with respect to the branch; the one with respect to x is g.
struct ScaledAddGrad {
  ScaledAdd forward;
};

#ifdef APATITE_TEST_EXTRA_OP
// An operation that no other code knows. A test compiles each place that must know all operations
// with it, and requires that the compiler refuses (tests/engine/exhaustive.sh).
struct ExtraOp {};
#define APATITE_EXTRA_OP , ExtraOp
#else
#define APATITE_EXTRA_OP
#endif

using Op = std::variant<Input, Conv2d, BatchNorm, Relu, MaxPool2d, AvgPool2d, GlobalAvgPool, Linear,
                        Add, Concat, SubsamplePad, ScoreGrad, Conv2dInputGrad, BatchNormGrad,
                        ReluGrad, MaxPool2dGrad, AvgPool2dGrad, GlobalAvgPoolGrad, LinearInputGrad,
                        Slice, SubsamplePadGrad, ScaledAdd, ScaledAddGrad APATITE_EXTRA_OP>;
#undef APATITE_EXTRA_OP

// Overload set for std::visit.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace apatite::engine
