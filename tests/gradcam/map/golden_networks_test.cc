// Whole networks with seeded weights: maps against pytorch-grad-cam and captum in binary64
// (tests/goldens/gradcam/make_goldens.py), and the exact backend against the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "engine/backends.h"
#include "gradcam/map/explainer.h"
#include "models/models.h"
#include "tests/gradcam/map/golden_maps.h"
#include "tests/support/checks.h"
#include "tests/support/random_parameters.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite::gradcam {
namespace {

using Path = std::filesystem::path;

std::vector<Path> golden_networks() {
  std::vector<Path> files;
  const Path folder = source_dir() / "tests" / "goldens" / "gradcam" / APATITE_GOLDENS;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

constexpr std::array kCams{"gradcam", "gradcam++", "hirescam", "layercam"};

// A network with its weights and its image.
struct Case {
  explicit Case(const Path& file)
      : golden(golden_file(std::string(APATITE_GOLDENS) + "/" + file.filename().string())),
        seed(golden["seed"].get<std::uint64_t>()),
        graph(models::build_model(models::model_config_from_json(golden["model"], "golden"),
                                  golden["height"].get<std::int64_t>(),
                                  golden["width"].get<std::int64_t>())),
        source(graph, weights::SeededParameters(seed)),
        image(weights::self_test_input(graph.node(0).shape, seed)),
        target(golden["target"].get<std::int64_t>()) {
    // Multiples of 2^-6: a step of a path from 0 is exact in binary32.
    for (float& value : image.values()) value = std::floor(value * 64) / 64 + 0.0F;
    settings.path_steps = golden["steps"].get<std::int64_t>();
  }

  [[nodiscard]] Explanation explain(std::string_view backend, std::vector<MapRequest> requests,
                                    const engine::CompileOptions& options = {}) const {
    Explainer explainer(graph, source, engine::find_backend(backend), options, std::move(requests),
                        settings);
    return explainer.explain(image, std::span(&target, 1))[0];
  }

  Json golden;
  std::uint64_t seed;
  engine::Graph graph;
  LoadedParameters source;
  engine::Tensor image;
  std::int64_t target;
  MethodSettings settings;
};

class ExplainedNetwork : public ::testing::TestWithParam<Path> {};

TEST_P(ExplainedNetwork, AgreesWithPytorchGradCamTo1e6) {
  const Case network(GetParam());
  std::vector<MapRequest> requests;
  for (const auto& [layer, golden] : network.golden["layers"].items()) {
    for (const char* name : kCams) {
      requests.push_back({find_method(name), find_layer(network.graph, layer)});
    }
  }
  const Explanation explanation = network.explain("reference64", requests);
  const auto logits = network.golden["logits"].get<std::vector<double>>();
  expect_near(logits, explanation.logits, 1e-9);
  EXPECT_EQ(explanation.target, network.target);
  std::size_t at = 0;
  for (const auto& [layer, golden] : network.golden["layers"].items()) {
    for (const char* name : kCams) {
      SCOPED_TRACE(layer + " " + name);
      const Json& expected = golden["maps"][name];
      const SaliencyMap& map = explanation.maps[at++];
      EXPECT_EQ(map.height, golden["shape"][1].get<std::int64_t>());
      EXPECT_EQ(map.width, golden["shape"][2].get<std::int64_t>());
      if (expected.is_array()) {
        expect_near(expected.get<std::vector<double>>(), map.values, 1e-6);
      } else {
        EXPECT_EQ(golden_difference(expected, map.values, 1e-6), "");
      }
    }
  }
  EXPECT_GE(at, 8U);
}

TEST_P(ExplainedNetwork, AgreesWithCaptumTo1e6) {
  Case network(GetParam());
  const std::vector<MapRequest> requests{{Method::kGradient, 0}, {Method::kIntegratedGradients, 0}};
  const Explanation explanation = network.explain("reference64", requests);
  network.settings.keep_sign = true;
  const Explanation signed_ = network.explain("reference64", {requests[0]});
  const Json& golden = network.golden["input"];
  EXPECT_EQ(golden_difference(golden["gradient"], explanation.maps[0].values, 1e-6), "");
  EXPECT_EQ(golden_difference(golden["gradient_signed"], signed_.maps[0].values, 1e-6), "");
  EXPECT_EQ(golden_difference(golden["integrated-gradients"], explanation.maps[1].values, 1e-6),
            "");
}

// All methods, whatever computes them: one layer's requests and several together, too.
TEST_P(ExplainedNetwork, ExactHasTheReferencesBits) {
  Case network(GetParam());
  network.settings.path_steps = 2;
  network.settings.smooth_samples = 2;
  std::vector<MapRequest> requests{
      {Method::kGradient, 0}, {Method::kSmoothGrad, 0}, {Method::kIntegratedGradients, 0}};
  for (const auto& [layer, golden] : network.golden["layers"].items()) {
    for (const char* name : kCams) {
      requests.push_back({find_method(name), network.graph.find(layer)});
    }
    // One run of the network per channel.
    const engine::NodeId node = network.graph.find(layer);
    if (network.graph.node(node).shape.channels <= 64) {
      requests.push_back({Method::kScoreCam, node});
    }
  }
  const Explanation expected = network.explain("reference", requests);
  std::size_t runs = 0;
  for (const engine::Isa& isa : engine::find_backend("exact").isas()) {
    if (!isa.present || isa.name == "scalar") continue;
    for (const engine::CompileOptions& options :
         {engine::CompileOptions{.threads = 1, .isa = isa.name},
          engine::CompileOptions{.threads = 3, .isa = isa.name, .fuse = false}}) {
      const Explanation actual = network.explain("exact", requests, options);
      EXPECT_EQ(actual.logits, expected.logits);
      for (std::size_t i = 0; i < requests.size(); ++i) {
        EXPECT_EQ(actual.maps[i].values, expected.maps[i].values)
            << isa.name << " " << info_of(requests[i].method).name;
      }
      ++runs;
    }
  }
  if (runs == 0) GTEST_SKIP() << "this CPU has no vector instruction set that is built in";
}

INSTANTIATE_TEST_SUITE_P(Goldens, ExplainedNetwork, ::testing::ValuesIn(golden_networks()),
                         [](const auto& test) {
                           std::string name = test.param.stem().string();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ExplainedNetworks, ThereAreGoldens) { EXPECT_GE(golden_networks().size(), 1U); }

}  // namespace
}  // namespace apatite::gradcam
