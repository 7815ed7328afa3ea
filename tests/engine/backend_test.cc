#include "engine/backends.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "layers/add.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/relu.h"
#include "tests/support/backends.h"
#include "tests/support/map_parameters.h"

namespace apatite::engine {
namespace {

template <class Function>
std::string message(Function function, ErrorKind kind) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

// input -> conv (weight `weight`) -> batch norm (gamma `gamma`) -> ReLU
Graph small_network() {
  GraphBuilder builder({3, 5, 4});
  NodeId x = layers::conv2d(builder, "conv", 0,
                            {.out_channels = 20, .kernel = {3, 3}, .padding = Padding::same(1)});
  x = layers::batch_norm(builder, "bn", x, {});
  return std::move(builder).build(layers::relu(builder, "relu", x));
}

MapParameters small_parameters(float weight, float gamma) {
  return MapParameters({{"conv.weight", filled({20, 3, 3, 3}, weight)},
                        {"bn.weight", filled({20}, gamma)},
                        {"bn.bias", filled({20}, 0)},
                        {"bn.running_mean", filled({20}, 0)},
                        {"bn.running_var", filled({20}, 1)}});
}

using EveryBackend = EachBackend;
INSTANTIATE_TEST_SUITE_P(All, EveryBackend, ::testing::ValuesIn(built_in_backends()),
                         name_of_backend);

// Those whose results are rounded to binary32 at each node.
std::vector<const Backend*> float_backends() {
  std::vector<const Backend*> floats = built_in_backends();
  std::erase_if(floats, [](const Backend* backend) { return backend->name() == "reference64"; });
  return floats;
}
using EveryFloatBackend = EachBackend;
INSTANTIATE_TEST_SUITE_P(All, EveryFloatBackend, ::testing::ValuesIn(float_backends()),
                         name_of_backend);

TEST(Backends, AreNamedAndTheDefaultIsExact) {
  std::set<std::string_view> names;
  for (const Backend* backend : backends()) {
    EXPECT_TRUE(names.insert(backend->name()).second) << backend->name() << " is there twice";
    EXPECT_FALSE(backend->description().empty());
    EXPECT_FALSE(backend->promise().empty());
    ASSERT_FALSE(backend->isas().empty());
    if (!backend->name().starts_with("cuda")) {
      EXPECT_EQ(backend->isas().back().name, "scalar");
    }
  }
  ASSERT_FALSE(backends().empty());
  EXPECT_EQ(backends()[0]->name(), "exact");
}

// So that no test below passes because a backend that needs no GPU was left out or gave up.
TEST(Backends, ThoseThatNeedNoGpuRunOnEveryMachine) {
  for (const char* name : {"exact", "reference", "reference64"}) {
    EXPECT_EQ(find_backend(name).name(), name);
    EXPECT_EQ(find_backend(name).unavailable_reason(), "");
  }
  EXPECT_GE(float_backends().size(), 2U);
}

TEST(Backends, OneThatCannotRunHereSaysWhy) {
  const MapParameters parameters = small_parameters(1, 1);
  for (const Backend* backend : backends()) {
    const std::string reason = backend->unavailable_reason();
    if (reason.empty()) continue;
    const std::string expected =
        std::string(backend->name()) + ": this backend cannot run here: " + reason;
    EXPECT_EQ(message([&] { find_backend(backend->name()); }, ErrorKind::kUnavailable), expected);
    EXPECT_EQ(message([&] { static_cast<void>(backend->compile(small_network(), parameters, {})); },
                      ErrorKind::kUnavailable),
              expected);
  }
}

TEST(Backends, AnUnknownNameIsAnErrorThatNamesWhatIsThere) {
  EXPECT_EQ(&find_backend(""), backends().front()) << "no name means the default";
  const std::string text = message([] { find_backend("cudnn"); }, ErrorKind::kUnavailable);
  EXPECT_TRUE(text.starts_with("cudnn: no such backend is built in; choose one of exact, "))
      << text;
  for (const Backend* backend : backends())
    EXPECT_NE(text.find(backend->name()), std::string::npos);
}

TEST(Backends, AnUnknownInstructionSetIsAnError) {
  const MapParameters parameters = small_parameters(1, 1);
  const std::string text = message(
      [&] {
        static_cast<void>(
            find_backend("exact").compile(small_network(), parameters, {.isa = "mmx"}));
      },
      ErrorKind::kUnavailable);
  EXPECT_TRUE(text.starts_with("mmx: backend exact has no such instruction set; choose one of "));
}

TEST_P(EveryBackend, RefusesAnInputOfAnotherShape) {
  const MapParameters parameters = small_parameters(1, 1);
  const auto executable = GetParam()->compile(small_network(), parameters, {});
  for (const Dims& dims : {Dims{1, 3, 4, 5}, Dims{3, 5, 4}, Dims{0, 3, 5, 4}, Dims{1, 1, 5, 4}}) {
    EXPECT_EQ(message([&] { executable->run(Tensor(dims)); }, ErrorKind::kUsage),
              "input: is " + to_text(std::span(dims)) + "; this network takes Nx3x5x4");
  }
}

TEST_P(EveryBackend, DeliversTheOutputsInTheOrderAsked) {
  const Graph graph = small_network();
  const MapParameters parameters = small_parameters(0.5F, 2);
  const NodeId conv = graph.find("conv");
  const auto executable = GetParam()->compile(
      graph, parameters, {.outputs = {graph.output(), conv, graph.input(), conv}});
  const std::vector<Tensor> results = executable->run(filled({2, 3, 5, 4}, 1));
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].dims(), (Dims{2, 20, 5, 4}));
  EXPECT_EQ(results[2].dims(), (Dims{2, 3, 5, 4}));
  EXPECT_EQ(results[1].data()[0], 6.0F);  // 12 taps inside the corner, times 0.5
  EXPECT_EQ(results[3].data()[0], 6.0F);
  EXPECT_EQ(results[2].data()[0], 1.0F);
}

TEST_P(EveryBackend, RunsABatchThatGrowsAndShrinks) {
  const Graph graph = small_network();
  const MapParameters parameters = small_parameters(0.25F, 1);
  const auto executable = GetParam()->compile(graph, parameters, {.threads = 2});
  const Tensor one = executable->run(filled({1, 3, 5, 4}, 1))[0];
  ASSERT_EQ(one.size(), 400U);
  EXPECT_GT(one.data()[0], 0.0F);
  for (const std::int64_t batch : {3, 1, 9, 2}) {
    const Tensor many = executable->run(filled({batch, 3, 5, 4}, 1))[0];
    for (std::int64_t image = 0; image < batch; ++image) {
      EXPECT_EQ(std::memcmp(many.data() + image * 400, one.data(), 400 * sizeof(float)), 0);
    }
  }
}

// What is not finite is found wherever it arises, even where a later ReLU would hide it, and every
// backend that rounds to binary32 says the same as the reference.
TEST_P(EveryFloatBackend, NamesTheNodeWhereANonFiniteValueArose) {
  const Graph graph = small_network();
  const auto say = [&](const MapParameters& parameters, const Tensor& input, bool fuse) {
    const auto said_by = [&](const Backend& backend) {
      const auto executable = backend.compile(graph, parameters, {.threads = 2, .fuse = fuse});
      return message([&] { executable->run(input); }, ErrorKind::kNumeric);
    };
    const std::string text = said_by(*GetParam());
    EXPECT_EQ(text, said_by(find_backend("reference")));
    return text;
  };
  Tensor bad = filled({2, 3, 5, 4}, 1);
  bad.data()[60 + 27] = std::numeric_limits<float>::quiet_NaN();
  const std::string tail = ", row 1, column 3); check the weights and the range of the input";
  for (const bool fuse : {true, false}) {
    EXPECT_EQ(
        say(small_parameters(1, 1), bad, fuse),
        "input: a non-finite value arose first in this node (image 1 of the batch, channel 1" +
            tail);
    // -infinity in the convolution, 0 after the ReLU.
    EXPECT_TRUE(say(small_parameters(-3e38F, 1), filled({1, 3, 5, 4}, 2), fuse)
                    .starts_with("conv: a non-finite value arose first in this node"));
    // Finite in the convolution, -infinity in the batch norm, 0 after the ReLU.
    EXPECT_TRUE(say(small_parameters(-1e30F, 1e30F), filled({1, 3, 5, 4}, 2), fuse)
                    .starts_with("bn: a non-finite value arose first in this node"));
  }
}

// The plan's hard cases: a value read again after a concatenation that holds it, a concatenation of
// one value twice, a residual that is the convolution's own input, an addition of unlike layouts.
TEST(Backends, AwkwardGraphsRunInPlaceSafely) {
  GraphBuilder builder({5, 6, 7});
  const auto conv = [&](const std::string& name, NodeId x, std::int64_t channels, std::int64_t k) {
    return layers::conv2d(
        builder, name, x,
        {.out_channels = channels, .kernel = {k, k}, .padding = Padding::same(k / 2)});
  };
  const NodeId a = conv("a", 0, 12, 3);
  const NodeId b = conv("b", a, 12, 3);
  const NodeId twice = layers::concat(builder, "twice", {b, b});
  const NodeId joined = layers::concat(builder, "joined", {a, b, twice});
  const NodeId again = layers::concat(builder, "again", {b, a});
  const NodeId own = layers::add(builder, "own", conv("c", joined, 48, 1), joined);
  const NodeId unlike = layers::add(builder, "unlike", conv("d", own, 24, 3), again);
  const NodeId self = layers::add(builder, "self", unlike, unlike);
  const NodeId image = layers::concat(builder, "image", {0, self, 0});
  const Graph graph = std::move(builder).build(
      layers::add(builder, "last", layers::relu(builder, "r", image), image));
  std::map<std::string, Tensor> tensors;
  for (const Parameter& parameter : graph.parameters()) {
    Tensor tensor(parameter.dims);
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      tensor.data()[i] = 0.01F * static_cast<float>(static_cast<int>(i * 7 % 19) - 9);
    }
    tensors.emplace(parameter.name, std::move(tensor));
  }
  const MapParameters parameters(std::move(tensors));
  Tensor input({3, 5, 6, 7});
  for (std::size_t i = 0; i < input.size(); ++i) {
    input.data()[i] = 0.1F * static_cast<float>(static_cast<int>(i * 5 % 23) - 11);
  }
  const Tensor expected = find_backend("reference").compile(graph, parameters, {})->run(input)[0];
  int compared = 0;
  for (const Isa& isa : find_backend("exact").isas()) {
    if (!isa.present) continue;
    ++compared;
    for (const int threads : {1, 3}) {
      const Tensor result = find_backend("exact")
                                .compile(graph, parameters, {.threads = threads, .isa = isa.name})
                                ->run(input)[0];
      EXPECT_EQ(std::memcmp(expected.data(), result.data(), expected.size() * sizeof(float)), 0)
          << isa.name << " with " << threads << " threads";
    }
  }
  EXPECT_GE(compared, 1) << "scalar code runs everywhere";
}

}  // namespace
}  // namespace apatite::engine
