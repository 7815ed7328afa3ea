#include "engine/runtime/fp_environment.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cstring>

#include "engine/backend/backend.h"
#include "layers/conv2d.h"
#include "tests/support/backends.h"
#include "tests/support/map_parameters.h"
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace apatite::engine {
namespace {

// Products and sums in the subnormal range and inexact ones, so that flushing or another rounding
// would show.
struct SensitiveNetwork {
  SensitiveNetwork() : weight({4, 1, 1, 3}), input({1, 1, 1, 8}) {
    for (std::size_t i = 0; i < weight.size(); ++i) {
      weight.data()[i] = 1e-20F * static_cast<float>(i + 1);
    }
    for (std::size_t i = 0; i < input.size(); ++i) {
      input.data()[i] = 1.1e-20F * static_cast<float>(i + 3);
    }
    input.data()[7] = -0.0F;
  }

  [[nodiscard]] std::vector<Tensor> run(const Backend& backend) const {
    GraphBuilder builder({1, 1, 8});
    const NodeId conv = layers::conv2d(builder, "conv", 0, {.out_channels = 4, .kernel = {1, 3}});
    const MapParameters parameters({{"conv.weight", weight}});
    return backend.compile(std::move(builder).build(conv), parameters, {.threads = 2})->run(input);
  }

  Tensor weight;
  Tensor input;
};

using FpEnvironment = EachBackend;

TEST_P(FpEnvironment, NoSettingOfTheCallerChangesABit) {
  const SensitiveNetwork network;
  const Backend& backend = *GetParam();
  const std::vector<Tensor> expected = network.run(backend);
  EXPECT_GT(expected[0].data()[0], 0.0F) << "the test must see subnormals";
  EXPECT_LT(expected[0].data()[0], 1e-38F);
  const auto expect_same = [&](const char* setting) {
    const std::vector<Tensor> result = network.run(backend);
    EXPECT_EQ(std::memcmp(expected[0].data(), result[0].data(), expected[0].size() * 4), 0)
        << "under " << setting;
  };
  for (const int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(rounding);
    expect_same("another rounding");
    EXPECT_EQ(std::fegetround(), rounding) << "the caller's setting returns";
    std::fesetround(FE_TONEAREST);
  }
#if defined(__x86_64__)
  const unsigned int before = _mm_getcsr();
  _mm_setcsr(before | 0x8040U);  // FTZ and DAZ
  expect_same("FTZ and DAZ");
  EXPECT_EQ(_mm_getcsr() & 0x8040U, 0x8040U) << "the caller's setting returns";
  _mm_setcsr(before);
#endif
}

INSTANTIATE_TEST_SUITE_P(All, FpEnvironment, ::testing::ValuesIn(built_in_backends()),
                         name_of_backend);

}  // namespace
}  // namespace apatite::engine
