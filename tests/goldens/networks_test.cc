// Whole networks with seeded weights: against torchvision in binary64 (networks.py made the
// goldens), against the bounds of rounding error, and the exact backend against the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "engine/backends.h"
#include "models/describe.h"
#include "models/models.h"
#include "tests/support/checks.h"
#include "tests/support/compare.h"
#include "tests/support/error_bound.h"
#include "tests/support/random_parameters.h"
#include "tests/support/source_dir.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

using Path = std::filesystem::path;

std::vector<Path> golden_files() {
  std::vector<Path> files;
  const Path folder = source_dir() / "tests" / "goldens" / APATITE_GOLDENS;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A network with its weights, its image and torchvision's results.
struct Case {
  explicit Case(const Path& file)
      : golden(parse_json(read_file(file, 1 << 20), file.string())),
        seed(golden.at("seed").get<std::uint64_t>()),
        graph(models::build_model(models::model_config_from_json(golden.at("model"), file.string()),
                                  golden.at("height").get<std::int64_t>(),
                                  golden.at("width").get<std::int64_t>())),
        source(graph, weights::SeededParameters(seed)),
        image(weights::self_test_input(graph.node(0).shape, seed)) {
    for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) nodes.push_back(id);
  }

  [[nodiscard]] std::vector<engine::Tensor> run(std::string_view backend,
                                                engine::CompileOptions options) const {
    return engine::find_backend(backend).compile(graph, source, options)->run(image);
  }

  Json golden;
  std::uint64_t seed;
  engine::Graph graph;
  LoadedParameters source;
  engine::Tensor image;
  std::vector<engine::NodeId> nodes;  // all
};

class Network : public ::testing::TestWithParam<Path> {};

TEST_P(Network, Reference64AgreesWithTorchvisionTo1e9) {
  const Case network(GetParam());
  engine::CompileOptions options{.outputs = {network.graph.output()}};
  const Json& taps = network.golden.at("taps");
  ASSERT_GE(taps.size(), 5U);
  for (const auto& [name, unused] : taps.items()) {
    options.outputs.push_back(network.graph.find(name));
  }
  const std::vector<engine::Tensor64> values = engine::find_backend("reference64")
                                                   .compile(network.graph, network.source, options)
                                                   ->run64(network.image);
  const auto logits = network.golden.at("logits").get<std::vector<double>>();
  ASSERT_EQ(values[0].size(), logits.size());
  for (std::size_t i = 0; i < logits.size(); ++i) {
    EXPECT_LE(std::abs(values[0].data()[i] - logits[i]), 1e-9 * std::abs(logits[i])) << i;
  }
  std::size_t tap = 1;
  for (const auto& [name, golden] : taps.items()) {
    EXPECT_EQ(golden_difference(golden, values[tap++].values(), 1e-9), "") << name;
  }
}

TEST_P(Network, GoldenLogitsTellClassesApart) {
  const Json golden = parse_json(read_file(GetParam(), 1 << 20), GetParam().string());
  const auto logits = golden.at("logits").get<std::vector<double>>();
  const auto [least, most] = std::minmax_element(logits.begin(), logits.end());
  EXPECT_LT(std::max(std::abs(*least), std::abs(*most)), 1e4);
  EXPECT_NE(*most, 0.0);
  if (logits.size() > 1) {
    EXPECT_GT(*most - *least, 0.1 * std::abs(*most));
  }
}

// Every node, from the reference's own inputs, within the bound of its chain's length. The logits
// within 8 standard deviations of torchvision's, by the statistical estimate of error_bound.h.
TEST_P(Network, ReferenceLiesWithinTheDerivedBounds) {
  const Case network(GetParam());
  const engine::Graph& graph = network.graph;
  const std::vector<engine::Tensor> values = network.run("reference", {.outputs = network.nodes});
  const ErrorBound bounds(graph, network.source);
  std::vector<std::vector<double>> variance(graph.nodes().size());
  variance[0].assign(network.image.size(), 0.0);
  for (engine::NodeId id = 1; id < graph.nodes().size(); ++id) {
    std::vector<std::span<const float>> inputs;
    std::vector<std::vector<double>> input_variance;
    for (const engine::NodeId input : graph.node(id).inputs) {
      inputs.push_back(values[input].values());
      input_variance.push_back(variance[input]);
    }
    const ErrorBound::Local local = bounds.local(id, inputs);
    EXPECT_EQ(bound_violation(local.value, local.bound, values[id].values()), "")
        << graph.node(id).name;
    const std::vector<double> own = bounds.local_variance(id, inputs);
    variance[id] = bounds.amplified_variance(id, input_variance, values[id].values());
    for (std::size_t i = 0; i < own.size(); ++i) variance[id][i] += own[i];
  }
  const auto logits = network.golden.at("logits").get<std::vector<double>>();
  double worst = 0;
  double largest = 0;
  for (const double logit : logits) largest = std::max(largest, std::abs(logit));
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double bound = 8 * std::sqrt(variance[graph.output()][i]);
    EXPECT_LE(std::abs(values[graph.output()].data()[i] - logits[i]), bound) << "logit " << i;
    EXPECT_LT(bound, 1e-2 * largest) << "this bound means nothing";
    worst = std::max(worst, std::abs(values[graph.output()].data()[i] - logits[i]) / bound);
  }
  std::cout << "largest error of a logit: " << worst << " of its bound\n";
}

// The output alone, fused and not, and with every node tapped. Scalar code is slow: a large network
// runs on it once.
std::vector<engine::CompileOptions> ways_to_run(const Case& network, const std::string& isa) {
  const bool once =
      isa == "scalar" && models::total_cost(network.graph).multiply_adds > 100'000'000;
  if (once) return {{.isa = isa}};
  return {{.isa = isa}, {.isa = isa, .fuse = false}, {.outputs = network.nodes, .isa = isa}};
}

TEST_P(Network, ExactHasTheReferencesBits) {
  const Case network(GetParam());
  const std::vector<engine::Tensor> expected = network.run("reference", {.outputs = network.nodes});
  int runs = 0;
  for (const engine::Isa& isa : engine::find_backend("exact").isas()) {
    if (!isa.present) continue;
    for (const engine::CompileOptions& options : ways_to_run(network, isa.name)) {
      const std::vector<engine::Tensor> actual = network.run("exact", options);
      const std::vector<engine::NodeId> ids = engine::resolve_outputs(network.graph, options);
      ASSERT_EQ(actual.size(), ids.size());
      for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_EQ(bit_difference(expected[ids[i]].values(), actual[i].values()), "")
            << isa.name << ", fuse " << options.fuse << ", outputs " << options.outputs.size()
            << ", node " << network.graph.node(ids[i]).name;
      }
      ++runs;
    }
  }
  EXPECT_GE(runs, 1);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Network, ::testing::ValuesIn(golden_files()),
                         [](const auto& test) { return test.param.stem().string(); });

TEST(Networks, ThereAreGoldens) { EXPECT_GE(golden_files().size(), 4U) << APATITE_GOLDENS; }

}  // namespace
}  // namespace apatite
