// A second convolution, written from docs/arithmetic.md alone: one output at a time, padding
// multiplied as zeros. It must equal the reference kernel, which goes by rows and skips padding.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/reference/convolution.h"
#include "tests/conformance/cases.h"
#include "tests/support/compare.h"
#include "tests/support/random_parameters.h"

namespace apatite {
namespace {

struct Convolution {
  engine::Conv2d op;
  engine::Shape in;
  engine::Shape out;
  engine::Tensor weight;
  engine::Tensor bias;
};

// The chain of one output value.
float output_value(const Convolution& conv, const float* image, std::int64_t oc, std::int64_t oh,
                   std::int64_t ow) {
  const std::int64_t channels = conv.in.channels / conv.op.groups;
  const std::int64_t group = oc / (conv.out.channels / conv.op.groups);
  const float* w =
      conv.weight.data() + oc * channels * conv.op.kernel.height * conv.op.kernel.width;
  float acc = 0;
  for (std::int64_t ic = 0; ic < channels; ++ic) {
    for (std::int64_t kh = 0; kh < conv.op.kernel.height; ++kh) {
      for (std::int64_t kw = 0; kw < conv.op.kernel.width; ++kw) {
        const std::int64_t h =
            oh * conv.op.stride.height + kh * conv.op.dilation.height - conv.op.padding.top;
        const std::int64_t v =
            ow * conv.op.stride.width + kw * conv.op.dilation.width - conv.op.padding.left;
        const bool inside = h >= 0 && h < conv.in.height && v >= 0 && v < conv.in.width;
        const std::int64_t c = group * channels + ic;
        const float x = inside ? image[(c * conv.in.height + h) * conv.in.width + v] : 0.0F;
        acc = std::fma(x, *w++, acc);
      }
    }
  }
  return acc + (conv.op.bias ? conv.bias.data()[oc] : 0.0F);
}

std::vector<float> direct(const Convolution& conv, const float* image) {
  std::vector<float> y;
  for (std::int64_t oc = 0; oc < conv.out.channels; ++oc) {
    for (std::int64_t oh = 0; oh < conv.out.height; ++oh) {
      for (std::int64_t ow = 0; ow < conv.out.width; ++ow) {
        y.push_back(output_value(conv, image, oc, oh, ow));
      }
    }
  }
  return y;
}

// The reference kernel between sentinels: a write before or after its output is seen.
std::vector<float> reference(const Convolution& conv, const float* image) {
  constexpr float kSentinel = 12345.678F;
  constexpr std::size_t kFence = 64;
  const auto size = static_cast<std::size_t>(conv.out.size());
  std::vector<float> fenced(size + 2 * kFence, kSentinel);
  engine::reference::conv2d(conv.op, engine::reference::View<float>{image, conv.in},
                            conv.weight.data(), conv.op.bias ? conv.bias.data() : nullptr,
                            fenced.data() + kFence, conv.out);
  for (std::size_t i = 0; i < kFence; ++i) {
    EXPECT_EQ(fenced[i], kSentinel) << "written before the output";
    EXPECT_EQ(fenced[kFence + size + i], kSentinel) << "written after the output";
  }
  return {fenced.begin() + kFence, fenced.end() - kFence};
}

int check_convolutions(const std::string& line, Values values) {
  const engine::Graph graph = graph_from_text(line);
  const RandomParameters source(7, values);
  int checked = 0;
  for (const engine::Node& node : graph.nodes()) {
    const auto* op = std::get_if<engine::Conv2d>(&node.op);
    if (op == nullptr) continue;
    Convolution conv{*op, graph.node(node.inputs[0]).shape, node.shape,
                     source.load(graph.parameters()[node.parameters[0]]), engine::Tensor()};
    if (op->bias) conv.bias = source.load(graph.parameters()[node.parameters[1]]);
    engine::Tensor image = random_images(conv.in, 1, 11, values);
    engine::canonicalize(image.values());
    const std::vector<float> expected = direct(conv, image.data());
    EXPECT_EQ(bit_difference(expected, reference(conv, image.data())), "") << line;
    ++checked;
  }
  return checked;
}

TEST(DirectConvolution, EqualsTheReferenceKernelOnEveryCase) {
  int checked = 0;
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kSpiced, Values::kTiny}) {
      checked += check_convolutions(line, values);
    }
  }
  EXPECT_GE(checked, std::getenv("APATITE_CASE") != nullptr ? 1 : 150);
}

}  // namespace
}  // namespace apatite
