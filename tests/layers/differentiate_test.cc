// What differentiate() adds to a graph, and what it refuses. Whether the gradients are right:
// tests/conformance/gradient_test.cc.
#include "layers/differentiate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/backend/backend.h"
#include "layers/add.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "tests/support/backends.h"
#include "tests/support/map_parameters.h"

namespace apatite::layers {
namespace {

template <class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "accepted";
}

// input 2x2x3 -> relu -> pool -> gap -> fc (`classes` logits); "aside" leads nowhere.
engine::Graph classifier(std::int64_t classes) {
  engine::GraphBuilder builder({2, 2, 3});
  const engine::NodeId rectified = relu(builder, "relu", 0);
  relu(builder, "aside", rectified);
  const engine::NodeId pool =
      max_pool2d(builder, "pool", rectified, {.kernel = {1, 2}, .stride = {1, 1}});
  const engine::NodeId mean = global_avg_pool(builder, "gap", pool);
  const engine::NodeId logits =
      linear(builder, "fc", mean, {.out_features = classes, .bias = false});
  return std::move(builder).build(logits);
}

std::vector<std::string> names_behind(const engine::Graph& graph, engine::NodeId first) {
  std::vector<std::string> names;
  for (engine::NodeId id = first; id < graph.nodes().size(); ++id)
    names.push_back(graph.node(id).name);
  return names;
}

TEST(Differentiate, AddsOnlyWhatLiesBetweenTheNodeAndTheScore) {
  const engine::Graph graph = classifier(2);
  const engine::NodeId forward = graph.nodes().size();
  const std::vector<engine::NodeId> pool{graph.find("pool")};
  const Differentiated result = differentiate(graph, pool);
  EXPECT_EQ(names_behind(result.graph, forward),
            (std::vector<std::string>{"fc:gradient", "gap:gradient", "pool:gradient"}));
  EXPECT_EQ(result.graph.node(result.gradients.at(0)).name, "pool:gradient");
  EXPECT_EQ(result.graph.node(result.gradients[0]).shape, graph.node(pool[0]).shape);
  EXPECT_EQ(result.graph.output(), graph.output());
  for (engine::NodeId id = 0; id < forward; ++id) {
    EXPECT_EQ(result.graph.node(id).name, graph.node(id).name);
  }
}

TEST(Differentiate, OfTheLogitsThemselvesIsTheSeed) {
  const engine::Graph graph = classifier(2);
  const std::vector<engine::NodeId> logits{graph.output()};
  const Differentiated result = differentiate(graph, logits);
  EXPECT_EQ(result.graph.nodes().size(), graph.nodes().size() + 1);
  EXPECT_TRUE(
      std::holds_alternative<engine::ScoreGrad>(result.graph.node(result.gradients.at(0)).op));
}

// x is read by a (twice) and b: ((a#0 + a#1) + b).
TEST(Differentiate, AddsTheGradientsOfAllReadersInTheirOrder) {
  engine::GraphBuilder builder({3, 1, 1});
  const engine::NodeId x = relu(builder, "x", 0);
  const engine::NodeId a = concat(builder, "a", {x, x});
  const engine::NodeId b = concat(builder, "b", {x, a});
  const engine::Graph graph = std::move(builder).build(b);
  const std::vector<engine::NodeId> wrt{x};
  const Differentiated result = differentiate(graph, wrt);
  EXPECT_EQ(names_behind(result.graph, b + 1),
            (std::vector<std::string>{"b:gradient", "a:gradient", "x:gradient:a", "x:gradient:a#1",
                                      "x:gradient:+a#1", "x:gradient:b", "x:gradient"}));
  const engine::Node& sum = result.graph.node(result.gradients.at(0));
  EXPECT_EQ(result.graph.node(sum.inputs.at(0)).name, "x:gradient:+a#1");
  EXPECT_EQ(result.graph.node(sum.inputs.at(1)).name, "x:gradient:b");
}

TEST(Differentiate, RefusesANodeThatDoesNotInfluenceTheScore) {
  const engine::Graph graph = classifier(2);
  const std::vector<engine::NodeId> aside{graph.find("aside")};
  EXPECT_EQ(
      refusal([&] { differentiate(graph, aside); }),
      "aside: does not influence the score, the output of fc; choose a node that leads to it");
  const std::vector<engine::NodeId> missing{99};
  EXPECT_EQ(refusal([&] { differentiate(graph, missing); }),
            "gradient: there is no node number 99");
}

TEST(Differentiate, RefusesAnOutputWithoutLogitsAndASecondPass) {
  engine::GraphBuilder builder({3, 4, 5});
  const engine::NodeId last = relu(builder, "relu", 0);
  const engine::Graph image = std::move(builder).build(last);
  const std::vector<engine::NodeId> input{0};
  EXPECT_EQ(refusal([&] { differentiate(image, input); }),
            "relu: the network ends in 3x4x5, which are no logits; only a network that ends in a "
            "vector has a score per class");

  const engine::Graph graph = classifier(2);
  const std::vector<engine::NodeId> mean{graph.find("gap")};
  const Differentiated once = differentiate(graph, mean);
  engine::GraphBuilder more(once.graph);
  const engine::NodeId logits = relu(more, "more", once.gradients.at(0));
  EXPECT_EQ(refusal([&] { differentiate(std::move(more).build(logits), input); }),
            "gap:gradient: linear_input_grad cannot be differentiated again; differentiate the "
            "network itself");
}

// Two classes by two logits, and by one.
class Targets : public EachBackend {
 protected:
  // The gradient of the score with respect to the image, by hand. Weights: 3 and 5 for logit 0,
  // -7 and 2 for logit 1.
  static engine::Tensor run(const engine::Backend& backend, std::int64_t classes,
                            const std::vector<std::int64_t>& targets,
                            const engine::Tensor& images) {
    const engine::Graph graph = classifier(classes);
    const MapParameters parameters({{"fc.weight", weights(classes)}});
    const std::vector<engine::NodeId> input{0};
    const Differentiated result = differentiate(graph, input);
    return backend.compile(result.graph, parameters, {.outputs = result.gradients})
        ->run(images, targets)
        .at(0);
  }
  static engine::Tensor weights(std::int64_t classes) {
    engine::Tensor w({classes, 2});
    const float values[] = {3, 5, -7, 2};
    std::copy_n(values, w.size(), w.data());
    return w;
  }
};

// Rows (1, 1, 2): the windows (1, 1) and (1, 2) pass to the first 1 and to the 2. Rows (-1, 4, 4):
// both windows pass to the first 4. Rows of zeros: nothing passes the ReLU.
engine::Tensor images_with_ties() {
  engine::Tensor images({2, 2, 2, 3});
  const float values[] = {1, 1, 2, -1, 4, 4, 0, 0, 0, 2, 2, 2, 1, 1, 2, -1, 4, 4, 0, 0, 0, 2, 2, 2};
  std::copy_n(values, images.size(), images.data());
  return images;
}

// The share of each pixel, in quarters: 2 x 2 windows, mean.
std::vector<float> expected_gradient(float channel0, float channel1) {
  const float quarters[] = {1, 0, 1, 0, 2, 0, 0, 0, 0, 1, 1, 0};
  std::vector<float> g;
  for (int i = 0; i < 12; ++i) g.push_back(quarters[i] * (i < 6 ? channel0 : channel1) / 4);
  return g;
}

std::vector<float> image_of(const engine::Tensor& batch, std::size_t image) {
  const auto values = batch.values().subspan(image * 12, 12);
  return {values.begin(), values.end()};
}

TEST_P(Targets, EachImageHasItsOwnAndTiesGoToTheFirst) {
  const engine::Tensor g = run(*GetParam(), 2, {0, 1}, images_with_ties());
  EXPECT_EQ(image_of(g, 0), expected_gradient(3, 5));
  EXPECT_EQ(image_of(g, 1), expected_gradient(-7, 2));
}

TEST_P(Targets, ThePredictedClassIsTheFirstLargestLogit) {
  // Logit 0 is positive, logit 1 negative.
  for (const auto& targets :
       {std::vector<std::int64_t>{}, {engine::kPredicted, engine::kPredicted}}) {
    const engine::Tensor g = run(*GetParam(), 2, targets, images_with_ties());
    EXPECT_EQ(image_of(g, 0), expected_gradient(3, 5));
    EXPECT_EQ(image_of(g, 1), expected_gradient(3, 5));
  }
  // An image of zeros: both logits are 0, the first wins; its gradient passes no ReLU.
  const engine::Tensor tie = run(*GetParam(), 2, {}, engine::Tensor({1, 2, 2, 3}));
  EXPECT_EQ(image_of(tie, 0), std::vector<float>(12, 0.0F));
}

TEST_P(Targets, OneLogitIsForClassOneAndAgainstClassZero) {
  const engine::Tensor g = run(*GetParam(), 1, {1, 0}, images_with_ties());
  EXPECT_EQ(image_of(g, 0), expected_gradient(3, 5));
  EXPECT_EQ(image_of(g, 1), expected_gradient(-3, -5));
  const engine::Tensor predicted = run(*GetParam(), 1, {}, images_with_ties());
  EXPECT_EQ(image_of(predicted, 0), expected_gradient(3, 5));
}

TEST_P(Targets, AreRefusedUnlessOneClassPerImage) {
  const auto say = [&](std::int64_t classes, const std::vector<std::int64_t>& targets) {
    return refusal([&] { run(*GetParam(), classes, targets, images_with_ties()); });
  };
  EXPECT_EQ(say(2, {0}),
            "targets: 1 for 2 images; give one per image, or none for the predicted classes");
  for (const std::int64_t classes : {1, 2}) {
    EXPECT_EQ(say(classes, {0, 2}),
              "target 2: is not a class of this network, which has 2; use 0 to 1");
    EXPECT_EQ(say(classes, {-2, 1}),
              "target -2: is not a class of this network, which has 2; use 0 to 1");
  }
  const MapParameters parameters({{"fc.weight", weights(2)}});
  const std::vector<std::int64_t> targets{0, 0};
  EXPECT_EQ(refusal([&] {
              GetParam()->compile(classifier(2), parameters, {})->run(images_with_ties(), targets);
            }),
            "targets: this graph has no gradient that depends on them; differentiate it first, or "
            "give none");
}

// A gradient that overflows is an error that names it, also where a ReLU lets nothing of it pass.
TEST_P(Targets, AGradientThatOverflowsIsNamed) {
  engine::GraphBuilder builder({1, 4, 4});
  const auto conv = [&](const std::string& name, engine::NodeId x) {
    return conv2d(builder, name, x, {.out_channels = 1, .kernel = {1, 1}});
  };
  const engine::NodeId dead = relu(builder, "dead", conv("a", 0));
  const engine::NodeId mean = global_avg_pool(builder, "gap", conv("c", conv("b", dead)));
  const engine::NodeId logits = linear(builder, "fc", mean, {.out_features = 2, .bias = false});
  const engine::Graph graph = std::move(builder).build(logits);
  const MapParameters parameters({{"a.weight", filled({1, 1, 1, 1}, -1)},
                                  {"b.weight", filled({1, 1, 1, 1}, 1e30F)},
                                  {"c.weight", filled({1, 1, 1, 1}, 1e30F)},
                                  {"fc.weight", filled({2, 1}, 1)}});
  const std::vector<engine::NodeId> input{0};
  const Differentiated result = differentiate(graph, input);
  for (const bool fuse : {true, false}) {
    const auto executable = GetParam()->compile(
        result.graph, parameters, {.outputs = result.gradients, .threads = 2, .fuse = fuse});
    const engine::Tensor images = filled({2, 1, 4, 4}, 1);
    const std::vector<std::int64_t> targets{0, 1};
    if (GetParam()->name() == "reference64") {  // where 1e60 is a number
      EXPECT_EQ(executable->run64(images, targets).at(0).data()[0], 0.0);
      continue;
    }
    try {
      executable->run(images, targets);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
      EXPECT_TRUE(std::string_view(error.what())
                      .starts_with("dead:gradient: a non-finite value arose first in this node"))
          << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Targets, ::testing::ValuesIn(built_in_backends()), name_of_backend);

}  // namespace
}  // namespace apatite::layers
