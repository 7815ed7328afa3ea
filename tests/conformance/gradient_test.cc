// Every gradient rule against central differences in binary64 (tests/support/central_differences.h
// says why they are exact but for rounding), over the conformance list; and that a rule that is
// wrong is seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/cases.h"
#include "tests/support/central_differences.h"
#include "tests/support/random_parameters.h"

namespace apatite {
namespace {

constexpr double kMost = 1e-6;
constexpr std::int64_t kTarget = 1;

// The network of a case with its scores, what it is differentiated with respect to, and how.
struct Scored {
  explicit Scored(const std::string& line)
      : differentiated(with_gradients(graph_from_text(line))), network(forward_part(line)) {
    for (engine::NodeId id = network.output() + 1; id-- > 0;) {
      if (influences(id)) wrt.push_back(id);
    }
  }

  // As with_gradients (cases.h) builds it.
  static engine::Graph forward_part(const std::string& line) {
    engine::GraphBuilder builder(graph_from_text(line));
    const engine::NodeId last = graph_from_text(line).output();
    const engine::NodeId logits = layers::linear(builder, "scores", last, {.out_features = 3});
    return std::move(builder).build(logits);
  }
  [[nodiscard]] bool influences(engine::NodeId id) const {
    if (id == network.output()) return true;
    const auto readers = network.consumers()[id];
    return std::any_of(readers.begin(), readers.end(),
                       [&](engine::NodeId r) { return influences(r); });
  }

  [[nodiscard]] GradientErrors errors(const std::string& line,
                                      const layers::Differentiated& checked,
                                      std::int64_t target = kTarget,
                                      std::int64_t differences_target = kTarget) const {
    const RandomParameters source(name_hash(line));
    const engine::Tensor image = random_images(network.node(0).shape, 1, name_hash(line) + 1);
    return gradient_errors(network, wrt, checked, source, image, target, 6, differences_target);
  }

  layers::Differentiated differentiated;
  engine::Graph network;
  std::vector<engine::NodeId> wrt;
};

TEST(Gradient, EveryCaseEqualsItsCentralDifferences) {
  std::int64_t compared = 0;
  std::int64_t kinks = 0;
  for (const std::string& line : conformance_cases()) {
    const Scored scored(line);
    ASSERT_EQ(scored.wrt.size(), scored.differentiated.gradients.size());
    const GradientErrors errors = scored.errors(line, scored.differentiated);
    EXPECT_LT(errors.largest, kMost) << "APATITE_CASE='" << line << "'\n  " << errors.where;
    EXPECT_GT(errors.compared, 0) << line;
    compared += errors.compared;
    kinks += errors.kinks;
  }
  EXPECT_LE(kinks * 100, compared) << "too many derivatives were left out";
}

// The backward graph with every node of one kind made wrong by `spoil` (which returns whether it
// did).
using Spoil = bool (*)(engine::Node&);
struct Broken {
  layers::Differentiated differentiated;
  int spoilt = 0;
};
Broken with_broken(const layers::Differentiated& right, Spoil spoil) {
  const engine::Graph& graph = right.graph;
  engine::GraphBuilder builder(graph.node(0).shape);
  for (const engine::Parameter& parameter : graph.parameters()) {
    builder.parameter(parameter.name, parameter.dims);
  }
  int spoilt = 0;
  for (engine::NodeId id = 1; id < graph.nodes().size(); ++id) {
    engine::Node node = graph.node(id);
    if (id > graph.output()) spoilt += spoil(node) ? 1 : 0;
    builder.add(node.name, node.op, node.inputs, node.parameters, node.shape);
  }
  return {{std::move(builder).build(graph.output()), right.gradients}, spoilt};
}

template <class T, class Function>
bool change(engine::Node& node, Function function) {
  auto* op = std::get_if<T>(&node.op);
  if (op == nullptr) return false;
  function(node, *op);
  return true;
}

struct Mistake {
  const char* what;
  const char* line;
  Spoil spoil;
};

const Mistake kMistakes[] = {
    {"a convolution's padding", "input 3x9x8 | conv 5 kernel=3 padding=1",
     [](engine::Node& n) {
       return change<engine::Conv2dInputGrad>(
           n, [](engine::Node&, auto& op) { op.forward.padding.left = 0; });
     }},
    {"a convolution's stride", "input 3x9x8 | conv 5 kernel=3 stride=2 padding=1",
     [](engine::Node& n) {
       return change<engine::Conv2dInputGrad>(
           n, [](engine::Node&, auto& op) { op.forward.stride.width = 1; });
     }},
    {"a convolution's dilation", "input 3x13x14 | conv 8 kernel=3 dilation=2 padding=2",
     [](engine::Node& n) {
       return change<engine::Conv2dInputGrad>(
           n, [](engine::Node&, auto& op) { op.forward.dilation.height = 1; });
     }},
    {"a batch norm's epsilon", "input 17x7x9 | bn",
     [](engine::Node& n) {
       return change<engine::BatchNormGrad>(n, [](engine::Node&, auto& op) { op.epsilon += 1e-3; });
     }},
    {"a ReLU that lets pass where g is positive", "input 13x7x9 | relu",
     [](engine::Node& n) {
       return change<engine::ReluGrad>(
           n, [](engine::Node& node, auto&) { node.inputs[1] = node.inputs[0]; });
     }},
    {"a maximum that always is the first tap", "input 3x7x8 | maxpool kernel=3 stride=1",
     [](engine::Node& n) {
       return change<engine::MaxPool2dGrad>(n, [](engine::Node&, auto& op) {
         op.forward.kernel = {1, 1};
       });
     }},
    {"an average's count", "input 5x9x8 | avgpool kernel=3 stride=2 padding=1",
     [](engine::Node& n) {
       return change<engine::AvgPool2dGrad>(
           n, [](engine::Node&, auto& op) { op.forward.count_include_pad = false; });
     }},
    {"a global average that takes the forward value", "input 5x9x11 | gap",
     [](engine::Node& n) {
       return change<engine::GlobalAvgPoolGrad>(
           n, [](engine::Node& node, auto&) { node.inputs[0] = 1; });
     }},
    {"a linear layer that takes the forward value", "input 37x1x1 | linear 11",
     [](engine::Node& n) {
       return n.shape.channels == 37 &&
              change<engine::LinearInputGrad>(
                  n, [](engine::Node& node, auto&) { node.inputs[0] = 1; });
     }},
    {"a scaled sum's scale", "input 13x5x7 | mark x | relu | scaledadd x scale=0.17",
     [](engine::Node& n) {
       return change<engine::ScaledAddGrad>(n,
                                            [](engine::Node&, auto& op) { op.forward.scale = 1; });
     }},
    {"a concatenation's channels", "input 13x5x7 | mark a | relu | concat a",
     [](engine::Node& n) {
       return change<engine::Slice>(
           n, [](engine::Node&, auto& op) { op.first_channel = 13 - op.first_channel; });
     }},
    {"a shortcut's channels", "input 3x8x9 | subsample stride=2 before=1 after=2",
     [](engine::Node& n) {
       return change<engine::SubsamplePadGrad>(
           n, [](engine::Node&, auto& op) { op.forward.channels_before = 2; });
     }},
    {"a sum over consumers", "input 16x6x6 | mark a | relu | add a",
     [](engine::Node& n) {
       return change<engine::Add>(
           n, [](engine::Node& node, auto&) { node.inputs[1] = node.inputs[0]; });
     }},
};

TEST(Gradient, AWrongRuleIsSeen) {
  for (const Mistake& mistake : kMistakes) {
    const Scored scored(mistake.line);
    EXPECT_LT(scored.errors(mistake.line, scored.differentiated).largest, kMost) << mistake.what;
    const Broken broken = with_broken(scored.differentiated, mistake.spoil);
    ASSERT_GE(broken.spoilt, 1) << mistake.what;
    EXPECT_GT(scored.errors(mistake.line, broken.differentiated).largest, 100 * kMost)
        << mistake.what;
  }
}

// The gradient of one class against the central differences of each class: it equals those of its
// own class, and the error of taking another class is seen.
TEST(Gradient, OfAnotherClassIsSeen) {
  const std::string line = "input 3x9x8 | conv 5 kernel=3 padding=1";
  const Scored scored(line);
  for (const std::int64_t target : {0, 1, 2}) {
    for (const std::int64_t other : {0, 1, 2}) {
      const GradientErrors errors = scored.errors(line, scored.differentiated, target, other);
      ASSERT_GT(errors.compared, 0);
      if (other == target) {
        EXPECT_LT(errors.largest, kMost) << errors.where;
      } else {
        EXPECT_GT(errors.largest, 100 * kMost) << target << " for " << other;
      }
    }
  }
}

}  // namespace
}  // namespace apatite
