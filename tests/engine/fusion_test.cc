#include "engine/fusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/models.h"

namespace apatite {
namespace {

const FusionRules kAll{.enabled = true,
                       .norm_before = [](const Node&) { return true; },
                       .anything_after = [](const Node&) { return true; }};

Graph network(const std::string& name) { return build_model(default_config(name), 64, 64); }

// Every group reads only results of groups before it; the outputs are results.
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
    EXPECT_TRUE(done.insert(group.result).second);
  }
  for (const NodeId output : outputs) EXPECT_TRUE(done.count(output));
}

const FusedGroup& group_of(const Graph& graph, const std::vector<FusedGroup>& groups,
                           std::string_view main) {
  const NodeId id = graph.find(main);
  return *std::find_if(groups.begin(), groups.end(),
                       [&](const FusedGroup& group) { return group.main == id; });
}

TEST(Fusion, AResNetBlockTakesAsManyPassesAsConvolutions) {
  const Graph graph = network("resnet50");
  const auto groups = fuse(graph, {graph.output()}, kAll);
  expect_runnable(graph, groups, {graph.output()});
  // input, 53 convolutions, max pool, average pool, fc
  EXPECT_EQ(groups.size(), 57U);
  const FusedGroup& last = group_of(graph, groups, "layer1.0.conv3");
  EXPECT_TRUE(last.norm.has_value());
  EXPECT_TRUE(last.relu);
  ASSERT_TRUE(last.residual.has_value());
  EXPECT_EQ(graph.node(last.result).name, "layer1.0.relu");
}

TEST(Fusion, DenseNetNormsOnTheWayIn) {
  const Graph graph = network("densenet121");
  const auto groups = fuse(graph, {graph.output()}, kAll);
  expect_runnable(graph, groups, {graph.output()});
  const FusedGroup& first = group_of(graph, groups, "features.denseblock2.denselayer3.conv1");
  ASSERT_TRUE(first.pre_norm.has_value());
  EXPECT_EQ(graph.node(*first.pre_norm).name, "features.denseblock2.denselayer3.norm1");
  EXPECT_TRUE(first.norm.has_value());
  EXPECT_TRUE(first.relu);
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
  for (const FusedGroup& group : fuse(graph, {tap}, kAll)) EXPECT_LE(group.result, tap);
}

}  // namespace
}  // namespace apatite
