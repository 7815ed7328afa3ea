#include "engine/schedule/fusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "layers/differentiate.h"
#include "layers/relu.h"
#include "layers/scaled_add.h"
#include "models/models.h"

namespace apatite::engine {
namespace {

const FusionRules kAll{.enabled = true,
                       .takes_prologue = [](const Node&, Activation) { return true; },
                       .takes_epilogue = [](const Node&) { return true; }};

Graph network(const std::string& name) {
  return models::build_model(models::default_config(name), 64, 64);
}

// Every group reads only results of groups before it; the outputs are results. No groups at all
// cannot compute an output.
void expect_runnable(const Graph& graph, const std::vector<FusedGroup>& groups,
                     const std::vector<NodeId>& outputs) {
  std::set<NodeId> done;
  for (const FusedGroup& group : groups) {
    for (const NodeId input : group.inputs) {
      EXPECT_TRUE(done.count(input)) << graph.node(group.main).name << " reads " << input;
    }
    if (group.residual) {
      EXPECT_TRUE(done.count(*group.residual));
    }
    if (group.relu_mask) {
      EXPECT_TRUE(done.count(*group.relu_mask));
    }
    EXPECT_TRUE(done.insert(group.result).second);
  }
  EXPECT_FALSE(outputs.empty());
  for (const NodeId output : outputs) EXPECT_TRUE(done.count(output)) << "output " << output;
}

// The group whose main node has this name. A group that is missing fails the test, and an empty one
// stands for it.
const FusedGroup& group_of(const Graph& graph, const std::vector<FusedGroup>& groups,
                           std::string_view main) {
  static const FusedGroup none;
  const NodeId id = graph.find(main);
  const auto found = std::find_if(groups.begin(), groups.end(),
                                  [&](const FusedGroup& group) { return group.main == id; });
  if (found != groups.end()) return *found;
  ADD_FAILURE() << "no group has the main node " << main;
  return none;
}

TEST(Fusion, AResNetBlockTakesAsManyPassesAsConvolutions) {
  const Graph graph = network("resnet50");
  const auto groups = fuse(graph, {graph.output()}, kAll);
  expect_runnable(graph, groups, {graph.output()});
  // input, 53 convolutions, max pool, average pool, fc
  EXPECT_EQ(groups.size(), 57U);
  const FusedGroup& last = group_of(graph, groups, "layer1.0.conv3");
  EXPECT_TRUE(last.norm.has_value());
  EXPECT_EQ(last.activation, Activation::kRelu);
  ASSERT_TRUE(last.residual.has_value());
  EXPECT_EQ(graph.node(last.result).name, "layer1.0.relu");
}

TEST(Fusion, DenseNetNormsOnTheWayIn) {
  const Graph graph = network("densenet121");
  const auto groups = fuse(graph, {graph.output()}, kAll);
  expect_runnable(graph, groups, {graph.output()});
  const FusedGroup& first = group_of(graph, groups, "features.denseblock2.denselayer3.conv1");
  ASSERT_TRUE(first.prologue.has_value());
  EXPECT_EQ(graph.node(*first.prologue).name, "features.denseblock2.denselayer3.norm1");
  EXPECT_TRUE(first.norm.has_value());
  EXPECT_EQ(first.activation, Activation::kRelu);
}

TEST(Fusion, AResNetBlocksGradientTakesOnePassPerConvolution) {
  const Graph network50 = network("resnet50");
  const std::vector<NodeId> input{0};
  const layers::Differentiated d = layers::differentiate(network50, input);
  const Graph& graph = d.graph;
  const std::vector<NodeId> outputs{graph.output(), d.gradients[0]};
  const auto groups = fuse(graph, outputs, kAll);
  expect_runnable(graph, groups, outputs);
  // Inside a block: chain, ReLU, batch norm.
  const FusedGroup& inner = group_of(graph, groups, "layer1.1.relu1:gradient");
  EXPECT_EQ(graph.node(inner.relu_mask.value()).name, "layer1.1.relu1");
  EXPECT_FALSE(inner.relu_mask_norm.has_value());
  EXPECT_EQ(graph.node(inner.result).name, "layer1.1.conv1:gradient");
  // Between blocks: chain, the gradient of the shortcut, the ReLU of the block before.
  const FusedGroup& outer = group_of(graph, groups, "layer1.0.relu:gradient:layer1.1.conv1");
  EXPECT_TRUE(outer.residual_first);
  EXPECT_TRUE(outer.residual.has_value());
  EXPECT_EQ(graph.node(outer.relu_mask.value()).name, "layer1.0.relu");
  EXPECT_FALSE(outer.norm.has_value());
  // 57 forward; the seed; the gradients of fc, the average, the last ReLU and the max pool, of
  // conv1's ReLU and norm, and of conv1; of 52 convolutions and of the batch norms behind blocks'
  // sums: 16 and 4 of shortcuts.
  EXPECT_EQ(groups.size(), 57U + 1 + 4 + 2 + 1 + 52 + 20);
}

TEST(Fusion, ADenseLayersGradientComputesItsMaskAgain) {
  const Graph network121 = network("densenet121");
  const std::vector<NodeId> input{0};
  const layers::Differentiated d = layers::differentiate(network121, input);
  const Graph& graph = d.graph;
  const std::vector<NodeId> outputs{graph.output(), d.gradients[0]};
  const auto groups = fuse(graph, outputs, kAll);
  expect_runnable(graph, groups, outputs);
  const std::string layer = "features.denseblock2.denselayer3.";
  const FusedGroup& forward = group_of(graph, groups, layer + "conv1");
  EXPECT_EQ(graph.node(forward.prologue.value()).name, layer + "norm1");
  const FusedGroup& backward = group_of(graph, groups, layer + "relu1:gradient");
  EXPECT_EQ(backward.relu_mask_norm, forward.prologue);
  EXPECT_EQ(backward.relu_mask, graph.node(*forward.prologue).inputs[0]);
  EXPECT_TRUE(backward.norm.has_value());
  EXPECT_TRUE(backward.residual.has_value());
  EXPECT_FALSE(backward.residual_first);
  // Not so if the ReLU is tapped.
  std::vector<NodeId> tapped = outputs;
  tapped.push_back(graph.find(layer + "relu1"));
  const auto others = fuse(graph, tapped, kAll);
  expect_runnable(graph, others, tapped);
  const FusedGroup& masked = group_of(graph, others, layer + "relu1:gradient");
  EXPECT_FALSE(masked.relu_mask_norm.has_value());
  EXPECT_EQ(masked.relu_mask, tapped.back());
}

TEST(Fusion, ATappedGradientIsAResult) {
  const Graph network18 = network("resnet18");
  const std::vector<NodeId> input{0};
  const layers::Differentiated d = layers::differentiate(network18, input);
  for (NodeId tap = 0; tap < d.graph.nodes().size(); ++tap) {
    const std::vector<NodeId> outputs{tap, d.gradients[0]};
    expect_runnable(d.graph, fuse(d.graph, outputs, kAll), outputs);
  }
}

TEST(Fusion, ATappedNodeIsAResult) {
  const Graph graph = network("resnet18");
  for (NodeId tap = 0; tap < graph.nodes().size(); ++tap) {
    expect_runnable(graph, fuse(graph, {tap, graph.output()}, kAll), {tap, graph.output()});
  }
}

TEST(Fusion, OffMeansOneGroupANode) {
  const Graph graph = network("densenet121");
  FusionRules off = kAll;
  off.enabled = false;
  EXPECT_EQ(fuse(graph, {graph.output()}, off).size(), graph.nodes().size());
}

TEST(Fusion, WhatNoOutputNeedsIsLeftOut) {
  const Graph graph = network("resnet18");
  const NodeId tap = graph.find("layer1.0.relu");
  const std::vector<FusedGroup> groups = fuse(graph, {tap}, kAll);
  expect_runnable(graph, groups, {tap});
  // The input, conv1, the max pool, and the two convolutions of the first block.
  EXPECT_EQ(groups.size(), 5U);
  for (const FusedGroup& group : groups) EXPECT_LE(group.result, tap);
}

// The group of a scaled sum holds the ReLU after it.
TEST(Fusion, AScaledSumTakesTheActivationAfterIt) {
  GraphBuilder builder({5, 4, 3});
  const NodeId branch = layers::relu(builder, "branch", 0);
  const NodeId sum = layers::scaled_add(builder, "sum", 0, branch, {.scale = 0.25F});
  const NodeId last = layers::relu(builder, "last", sum);
  const Graph graph = std::move(builder).build(last);
  const auto groups = fuse(graph, {graph.output()}, kAll);
  expect_runnable(graph, groups, {graph.output()});
  EXPECT_EQ(groups.size(), 3U);  // input, branch, sum with its ReLU
  const FusedGroup& group = group_of(graph, groups, "sum");
  EXPECT_EQ(group.activation, Activation::kRelu);
  EXPECT_EQ(group.result, graph.output());
}

}  // namespace
}  // namespace apatite::engine
