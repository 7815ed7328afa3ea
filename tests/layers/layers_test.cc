// What each layer checks, the shapes that it derives and the parameters that it declares.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "layers/add.h"
#include "layers/avg_pool2d.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "layers/scaled_add.h"
#include "layers/subsample_pad.h"

namespace apatite::layers {
namespace {

using Layer = std::function<engine::NodeId(engine::GraphBuilder&)>;

engine::Shape shape_of(engine::Shape input, const Layer& layer) {
  engine::GraphBuilder graph(input);
  return graph.shape(layer(graph));
}

// The message of the refusal; it must be one of usage.
std::string refusal(engine::Shape input, const Layer& layer) {
  engine::GraphBuilder graph(input);
  try {
    layer(graph);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "accepted";
}

// "name dims, ..." of all that the layer declares.
std::string parameters_of(engine::Shape input, const Layer& layer) {
  engine::GraphBuilder graph(input);
  const engine::NodeId output = layer(graph);
  const engine::Graph built = std::move(graph).build(output);
  std::string text;
  for (const engine::ParameterId id : built.node(output).parameters) {
    const engine::Parameter& parameter = built.parameters()[id];
    text +=
        parameter.name + ' ' + engine::to_text(std::span<const std::int64_t>(parameter.dims)) + ' ';
  }
  return text;
}

Layer conv_layer(const engine::Conv2d& op) {
  return [op](engine::GraphBuilder& g) { return conv2d(g, "layer1.conv", 0, op); };
}
Layer max_layer(const engine::MaxPool2d& op, Rounding rounding = Rounding::kFloor) {
  return [=](engine::GraphBuilder& g) { return max_pool2d(g, "pool", 0, op, rounding); };
}
Layer avg_layer(const engine::AvgPool2d& op, Rounding rounding = Rounding::kFloor) {
  return [=](engine::GraphBuilder& g) { return avg_pool2d(g, "pool", 0, op, rounding); };
}

TEST(Conv2dLayer, DerivesItsShape) {
  EXPECT_EQ(shape_of({3, 224, 224}, conv_layer({.out_channels = 64,
                                                .kernel = {7, 7},
                                                .stride = {2, 2},
                                                .padding = engine::Padding::same(3)})),
            (engine::Shape{64, 112, 112}));
  EXPECT_EQ(shape_of({4, 10, 12}, conv_layer({.out_channels = 6,
                                              .kernel = {3, 5},
                                              .stride = {2, 3},
                                              .dilation = {2, 1},
                                              .padding = {1, 0, 2, 4},
                                              .groups = 2})),
            (engine::Shape{6, 5, 4}));
}

TEST(Conv2dLayer, DeclaresWeightAndBias) {
  EXPECT_EQ(
      parameters_of({4, 9, 9},
                    conv_layer({.out_channels = 6, .kernel = {3, 5}, .groups = 2, .bias = true})),
      "layer1.conv.weight 6x2x3x5 layer1.conv.bias 6 ");
  EXPECT_EQ(parameters_of({4, 9, 9}, conv_layer({.out_channels = 6})),
            "layer1.conv.weight 6x4x1x1 ");
}

TEST(Conv2dLayer, RefusesWhatDoesNotFitWithLayerValueAndRemedy) {
  EXPECT_EQ(refusal({4, 9, 9}, conv_layer({.out_channels = 0})),
            "layer1.conv: has 0 output channels; use 1 or more");
  EXPECT_EQ(refusal({4, 9, 9}, conv_layer({.out_channels = 6, .groups = 3})),
            "layer1.conv: 3 groups do not divide 4 input and 6 output channels; use a common "
            "divisor of both");
  EXPECT_EQ(refusal({4, 9, 9}, conv_layer({.out_channels = 6, .groups = 0})),
            "layer1.conv: 0 groups do not divide 4 input and 6 output channels; use a common "
            "divisor of both");
  EXPECT_EQ(refusal({4, 9, 5}, conv_layer({.out_channels = 6, .kernel = {3, 7}})),
            "layer1.conv: its window reaches over 7 pixels, but the width here is 5, padded 5; use "
            "a larger input or a smaller kernel");
  EXPECT_EQ(refusal({4, 5, 9}, conv_layer({.out_channels = 6,
                                           .kernel = {3, 3},
                                           .dilation = {4, 1},
                                           .padding = engine::Padding::same(1)})),
            "layer1.conv: its window reaches over 9 pixels, but the height here is 5, padded 7; "
            "use a larger input or a smaller kernel");
}

TEST(Conv2dLayer, RefusesEveryNonPositiveAttribute) {
  for (const engine::Extent bad : {engine::Extent{0, 3}, engine::Extent{3, 0},
                                   engine::Extent{-1, 3}, engine::Extent{3, 1 << 21}}) {
    EXPECT_NE(refusal({4, 9, 9}, conv_layer({.out_channels = 6, .kernel = bad})).find("kernel is"),
              std::string::npos);
    EXPECT_NE(refusal({4, 9, 9}, conv_layer({.out_channels = 6, .stride = bad})).find("stride is"),
              std::string::npos);
    EXPECT_NE(
        refusal({4, 9, 9}, conv_layer({.out_channels = 6, .dilation = bad})).find("dilation is"),
        std::string::npos);
  }
  for (const engine::Padding bad : {engine::Padding{-1, 0, 0, 0}, engine::Padding{0, -1, 0, 0},
                                    engine::Padding{0, 0, -1, 0}, engine::Padding{0, 0, 0, -1}}) {
    EXPECT_NE(
        refusal({4, 9, 9}, conv_layer({.out_channels = 6, .padding = bad})).find("padding is -1"),
        std::string::npos);
  }
}

// Expected sizes from torch.nn.functional.max_pool2d and avg_pool2d.
TEST(Pools, RoundTheirSizeAsTorchDoes) {
  const engine::MaxPool2d window{.kernel = {3, 3}, .stride = {2, 2}};
  EXPECT_EQ(shape_of({2, 10, 11}, max_layer(window)), (engine::Shape{2, 4, 5}));
  EXPECT_EQ(shape_of({2, 10, 11}, max_layer(window, Rounding::kCeil)), (engine::Shape{2, 5, 5}));
  // The last window must start inside the image or the padding before it.
  const engine::MaxPool2d wide{
      .kernel = {2, 2}, .stride = {3, 3}, .padding = engine::Padding::same(1)};
  EXPECT_EQ(shape_of({1, 5, 6}, max_layer(wide, Rounding::kCeil)), (engine::Shape{1, 2, 3}));
  const engine::MaxPool2d apart{.kernel = {1, 1}, .stride = {4, 4}};
  EXPECT_EQ(shape_of({1, 8, 9}, max_layer(apart, Rounding::kCeil)), (engine::Shape{1, 2, 3}));
  EXPECT_EQ(shape_of({1, 8, 9}, avg_layer({.kernel = {2, 2}, .stride = {2, 2}}, Rounding::kCeil)),
            (engine::Shape{1, 4, 5}));
  EXPECT_EQ(shape_of({1, 9, 9}, max_layer({.kernel = {3, 3}, .dilation = {3, 3}})),
            (engine::Shape{1, 3, 3}));
}

TEST(Pools, RefuseWindowsWithoutAPixel) {
  EXPECT_EQ(refusal({2, 8, 8}, max_layer({.kernel = {3, 3}, .padding = engine::Padding::same(3)})),
            "pool: padding is 3 along the height; a pool's padding must be less than its window's "
            "reach of 3");
  EXPECT_EQ(refusal({2, 8, 8}, avg_layer({.kernel = {2, 2}, .padding = {0, 0, 0, 2}})),
            "pool: padding is 2 along the width; a pool's padding must be less than its window's "
            "reach of 2");
  // A window of two taps, 4 apart, around an image of 2 rows.
  EXPECT_EQ(refusal({1, 2, 8},
                    max_layer({.kernel = {2, 1}, .dilation = {4, 1}, .padding = {1, 0, 2, 0}})),
            "pool: the window that starts at -1 along the height (here 2) holds no pixel of the "
            "image; use a larger input, less padding or less dilation");
  EXPECT_NE(refusal({1, 4, 1}, max_layer({.kernel = {2, 2}, .stride = {2, 2}}))
                .find("the width here is 1"),
            std::string::npos);
  EXPECT_NE(refusal({1, 4, 4}, avg_layer({.kernel = {2, 2}, .stride = {0, 2}})).find("stride is 0"),
            std::string::npos);
}

TEST(BatchNormLayer, DeclaresTheFourVectorsOfTheField) {
  EXPECT_EQ(
      parameters_of({7, 3, 3}, [](engine::GraphBuilder& g) { return batch_norm(g, "bn1", 0); }),
      "bn1.weight 7 bn1.bias 7 bn1.running_mean 7 bn1.running_var 7 ");
  const auto with_epsilon = [](double epsilon) {
    return refusal({7, 3, 3}, [=](engine::GraphBuilder& g) {
      return batch_norm(g, "bn1", 0, {.epsilon = epsilon});
    });
  };
  EXPECT_EQ(with_epsilon(-1e-5), "bn1: epsilon is -1e-05; use a finite number, 0 or more");
  EXPECT_NE(with_epsilon(std::nan("")), "accepted");
}

TEST(LinearLayer, ReadsTheImageAsAVector) {
  const auto layer = [](const engine::Linear& op) {
    return [op](engine::GraphBuilder& g) { return linear(g, "fc", 0, op); };
  };
  EXPECT_EQ(shape_of({8, 2, 3}, layer({.out_features = 5})), (engine::Shape{5, 1, 1}));
  EXPECT_EQ(parameters_of({8, 2, 3}, layer({.out_features = 5})), "fc.weight 5x48 fc.bias 5 ");
  EXPECT_EQ(parameters_of({8, 2, 3}, layer({.out_features = 5, .bias = false})), "fc.weight 5x48 ");
  EXPECT_EQ(refusal({8, 2, 3}, layer({.out_features = 0})),
            "fc: has 0 output features; use 1 or more");
}

TEST(AddAndConcat, RefuseShapesThatDoNotMatch) {
  const auto half = [](engine::GraphBuilder& g) {
    return max_pool2d(g, "half", 0, {.kernel = {2, 2}, .stride = {2, 2}});
  };
  EXPECT_EQ(refusal({4, 8, 8}, [&](engine::GraphBuilder& g) { return add(g, "sum", 0, half(g)); }),
            "sum: adds input (4x8x8) and half (4x4x4); both must have one shape");
  EXPECT_EQ(refusal({4, 8, 8},
                    [&](engine::GraphBuilder& g) {
                      return concat(g, "cat", {0, half(g)});
                    }),
            "cat: concatenates input (4x8x8) and half (4x4x4); all must have one height and width");
  EXPECT_EQ(refusal({4, 8, 8}, [](engine::GraphBuilder& g) { return concat(g, "cat", {}); }),
            "cat: concatenates nothing; pass one input or more");
  EXPECT_EQ(shape_of({4, 8, 8},
                     [](engine::GraphBuilder& g) {
                       return concat(g, "cat", {0, relu(g, "r", 0), 0});
                     }),
            (engine::Shape{12, 8, 8}));
}

TEST(ScaledAdd, RefusesShapesThatDoNotMatchAndScalesThatAreNotFinite) {
  const auto half = [](engine::GraphBuilder& g) {
    return max_pool2d(g, "half", 0, {.kernel = {2, 2}, .stride = {2, 2}});
  };
  const auto scaled = [](float scale) {
    return [scale](engine::GraphBuilder& g) { return scaled_add(g, "sum", 0, 0, {scale}); };
  };
  EXPECT_EQ(shape_of({4, 8, 9}, scaled(0.5F)), (engine::Shape{4, 8, 9}));
  EXPECT_EQ(refusal({4, 8, 8},
                    [&](engine::GraphBuilder& g) { return scaled_add(g, "sum", 0, half(g), {1}); }),
            "sum: adds half (4x4x4) to input (4x8x8); both must have one shape");
  EXPECT_EQ(refusal({4, 8, 8}, scaled(INFINITY)), "sum: scale is inf; use a finite number");
}

TEST(SubsamplePadLayer, RoundsUpAndRefusesNegatives) {
  const auto layer = [](const engine::SubsamplePad& op) {
    return [op](engine::GraphBuilder& g) { return subsample_pad(g, "shortcut", 0, op); };
  };
  EXPECT_EQ(shape_of({4, 9, 8}, layer({.stride = 2, .channels_before = 2, .channels_after = 3})),
            (engine::Shape{9, 5, 4}));
  EXPECT_EQ(refusal({4, 9, 8}, layer({.stride = 0})), "shortcut: stride is 0; use 1 or more");
  EXPECT_EQ(refusal({4, 9, 8}, layer({.stride = 1, .channels_before = -1})),
            "shortcut: pads -1 channels before and 0 after; use 0 or more");
}

TEST(GlobalAvgPoolLayer, LeavesOnePixel) {
  EXPECT_EQ(
      shape_of({5, 7, 9}, [](engine::GraphBuilder& g) { return global_avg_pool(g, "avgpool", 0); }),
      (engine::Shape{5, 1, 1}));
}

}  // namespace
}  // namespace apatite::layers
