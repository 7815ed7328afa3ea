// The backward pass of whole networks: against torch in binary64 (gradients.py made the goldens),
// against central differences, and the exact backend against the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "engine/backends.h"
#include "layers/differentiate.h"
#include "models/models.h"
#include "tests/support/central_differences.h"
#include "tests/support/checks.h"
#include "tests/support/compare.h"
#include "tests/support/random_parameters.h"
#include "tests/support/source_dir.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

Json read_golden(const std::string& name) {
  const std::string path = (source_dir() / "tests" / "goldens" / name).string();
  return parse_json(read_file(path, 1 << 20), path);
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const Json& golden : read_golden("gradients.json")) {
    names.push_back(golden.at("network").get<std::string>());
  }
  return names;
}

// A network of networks/ with its gradients with respect to the nodes of gradients.json.
struct Case {
  explicit Case(const std::string& name)
      : network(read_golden("networks/" + name + ".json")),
        seed(network.at("seed").get<std::uint64_t>()),
        graph(models::build_model(models::model_config_from_json(network.at("model"), name),
                                  network.at("height").get<std::int64_t>(),
                                  network.at("width").get<std::int64_t>())),
        source(graph, weights::SeededParameters(seed)),
        image(weights::self_test_input(graph.node(0).shape, seed)) {
    for (const Json& other : read_golden("gradients.json")) {
      if (other.at("network") == name) golden = other;
    }
    targets = {golden.at("target").get<std::int64_t>()};
    for (const auto& [node, sums] : golden.at("gradients").items()) {
      wrt.push_back(graph.find(node));
    }
    differentiated = layers::differentiate(graph, wrt);
  }

  Json network;
  Json golden;
  std::uint64_t seed;
  engine::Graph graph;
  LoadedParameters source;
  engine::Tensor image;
  std::vector<std::int64_t> targets;
  std::vector<engine::NodeId> wrt;
  layers::Differentiated differentiated;
};

class Gradients : public ::testing::TestWithParam<std::string> {};

TEST_P(Gradients, Reference64AgreesWithTorchTo1e9) {
  const Case c(GetParam());
  const std::vector<engine::Tensor64> gradients =
      engine::find_backend("reference64")
          .compile(c.differentiated.graph, c.source, {.outputs = c.differentiated.gradients})
          ->run64(c.image, c.targets);
  ASSERT_GE(gradients.size(), 8U);
  std::size_t i = 0;
  for (const auto& [node, sums] : c.golden.at("gradients").items()) {
    EXPECT_EQ(golden_difference(sums, gradients[i++].values(), 1e-9), "") << node;
    EXPECT_GT(sums.at("absolute").get<double>(), 0.1) << node << " is too small to tell";
  }
}

// With respect to the input and, cheaper, to all other nodes of the goldens.
TEST_P(Gradients, EqualCentralDifferences) {
  const Case c(GetParam());
  const GradientErrors errors = gradient_errors(c.graph, c.wrt, c.differentiated, c.source, c.image,
                                                c.targets[0], /*elements=*/2);
  EXPECT_LT(errors.largest, 1e-6) << errors.where;
  EXPECT_GE(errors.compared, 20);
}

// The logits come with the gradients from one run; a batch of two classes.
TEST_P(Gradients, ExactHasTheReferencesBits) {
  const Case c(GetParam());
  std::vector<engine::NodeId> outputs = c.differentiated.gradients;
  outputs.push_back(c.graph.output());
  auto images = engine::Tensor::uninitialized(c.graph.node(0).shape.with_batch(2));
  std::copy_n(c.image.data(), c.image.size(), images.data());
  std::reverse_copy(c.image.data(), c.image.data() + c.image.size(),
                    images.data() + c.image.size());
  const std::vector<std::int64_t> targets{c.targets[0], engine::kPredicted};
  const std::vector<engine::Tensor> expected =
      engine::find_backend("reference")
          .compile(c.differentiated.graph, c.source, {.outputs = outputs})
          ->run(images, targets);
  int runs = 0;
  for (const engine::Isa& isa : engine::find_backend("exact").isas()) {
    if (!isa.present) continue;
    for (const int threads : {1, 3}) {
      if (isa.name == "scalar" && threads > 1) continue;  // slow
      const std::vector<engine::Tensor> actual =
          engine::find_backend("exact")
              .compile(
                  c.differentiated.graph, c.source,
                  {.outputs = outputs, .threads = threads, .isa = isa.name, .fuse = threads == 1})
              ->run(images, targets);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        ASSERT_EQ(bit_difference(expected[i].values(), actual[i].values()), "")
            << isa.name << ", " << threads << " threads, "
            << c.differentiated.graph.node(outputs[i]).name;
      }
      ++runs;
    }
  }
  EXPECT_GE(runs, 1);
}

INSTANTIATE_TEST_SUITE_P(Goldens, Gradients, ::testing::ValuesIn(network_names()),
                         [](const auto& test) { return test.param; });

TEST(Gradients, ThereAreGoldensOfEveryFamily) {
  const std::vector<std::string> names = network_names();
  for (const std::string family : {"cifar_resnet", "densenet", "resnet"}) {
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.starts_with(family);
    })) << family;
  }
}

}  // namespace
}  // namespace apatite
