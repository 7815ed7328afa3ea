#include "weights/init.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "engine/backends.h"
#include "models/models.h"
#include "weights/self_test.h"

namespace apatite::weights {
namespace {

std::vector<std::uint32_t> bits(const engine::Tensor& tensor) {
  std::vector<std::uint32_t> all;
  for (const float x : tensor.values()) all.push_back(std::bit_cast<std::uint32_t>(x));
  return all;
}

std::vector<std::uint32_t> seeded_bits(const std::string& name, const engine::Dims& dims) {
  return bits(seeded_tensor({name, dims}, 7));
}

// Printed by tests/weights/seeded_weights.py.
TEST(SeededWeights, EqualNumpyBitForBit) {
  using Bits = std::vector<std::uint32_t>;
  EXPECT_EQ(seeded_bits("conv1.weight", {2, 3, 1, 2}),
            (Bits{0xbe99ce80, 0xbf038197, 0xbe353624, 0x3f2f4ce9, 0x3f54347a, 0xbf7a3c02,
                  0x3e841ae8, 0xbe5e19b4, 0x3f137dae, 0x3f6f071b, 0xbf7ccfce, 0xbf743e0a}));
  EXPECT_EQ(seeded_bits("bn1.weight", {3}), (Bits{0x3f372a18, 0x3f55c494, 0x3f2f6a8f}));
  EXPECT_EQ(seeded_bits("bn1.bias", {3}), (Bits{0x3cd3188e, 0xbc67ca22, 0x3c4f9b4a}));
  EXPECT_EQ(seeded_bits("bn1.running_mean", {3}), (Bits{0xbc0662b2, 0x3b84a794, 0xbc30b188}));
  EXPECT_EQ(seeded_bits("bn1.running_var", {3}), (Bits{0x3f201d20, 0x3f6fbe12, 0x3f6d3e66}));
  EXPECT_EQ(seeded_bits("fc.weight", {2, 5}),
            (Bits{0x3f709d55, 0xbec373b3, 0x3e53b54e, 0x3e345974, 0x3ec926c5, 0xbf46c721,
                  0x3e17a65f, 0x3f13f2d2, 0xbf66193d, 0xbf860873}));
  EXPECT_EQ(bits(self_test_input({1, 2, 2}, 7)),
            (Bits{0x3e8c63dc, 0xbfa52cd6, 0xbeb96fe8, 0xbf17f164}));
}

TEST(SeededWeights, AnotherSeedOrNameGivesOtherNumbers) {
  const engine::Parameter a{"a.weight", {64, 4}};
  const engine::Parameter b{"b.weight", {64, 4}};
  EXPECT_EQ(bits(seeded_tensor(a, 1)), bits(seeded_tensor(a, 1)));
  EXPECT_NE(bits(seeded_tensor(a, 1)), bits(seeded_tensor(a, 2)));
  EXPECT_NE(bits(seeded_tensor(a, 1)), bits(seeded_tensor(b, 1)));
}

TEST(SeededWeights, BatchNormIsNotTrivialAndValid) {
  const engine::Tensor gamma = seeded_tensor({"bn.weight", {1000}}, 3);
  const engine::Tensor variance = seeded_tensor({"bn.running_var", {1000}}, 3);
  EXPECT_GT(std::set<float>(gamma.values().begin(), gamma.values().end()).size(), 990U);
  for (const float x : gamma.values()) EXPECT_TRUE(x > 0.43F && x < 0.94F) << x;
  for (const float x : variance.values()) EXPECT_TRUE(x > 0.49F && x < 1.51F) << x;
}

// The deepest networks of each kind: nothing overflows, vanishes or is the same for two images.
TEST(SeededWeights, DeepNetworksStayInRangeAndTellImagesApart) {
  for (const char* name : {"resnet152", "densenet201", "cifar_resnet110"}) {
    models::ModelConfig config = models::default_config(name);
    config.classes = 7;
    const engine::Graph graph = models::build_model(config, 32, 32);
    const auto network = engine::backends().front()->compile(graph, SeededParameters(5), {});
    std::vector<std::vector<float>> logits;
    for (const std::uint64_t seed : {1U, 2U}) {
      const engine::Tensor result = network->run(self_test_input({3, 32, 32}, seed)).at(0);
      logits.emplace_back(result.values().begin(), result.values().end());
    }
    for (std::size_t i = 0; i < 7; ++i) {
      const float size = std::abs(logits[0][i]);
      EXPECT_TRUE(size > 1e-4F && size < 1e4F) << name << " logit " << i << " is " << logits[0][i];
      EXPECT_GT(std::abs(logits[0][i] - logits[1][i]), 1e-5F * size) << name << " logit " << i;
    }
    EXPECT_EQ(std::set<float>(logits[0].begin(), logits[0].end()).size(), 7U) << name;
  }
}

}  // namespace
}  // namespace apatite::weights
