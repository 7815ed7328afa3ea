#include "gradcam/trust/removal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/normal.h"
#include "base/random.h"
#include "tests/gradcam/map/golden_maps.h"

namespace apatite::gradcam {
namespace {

engine::Tensor seeded_input(std::int64_t channels, std::int64_t height, std::int64_t width) {
  engine::Tensor tensor(engine::Dims{1, channels, height, width});
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = random_symmetric(4, i);
  return tensor;
}

TEST(Removal, TakesTheHighestFirstAndDrawsLotsAmongEquals) {
  const SaliencyMap map{2, 3, {0, 5, 0, 7, 0, 0}};
  const auto order = removal_order(map, 1);
  EXPECT_EQ(order[0], 3U);
  EXPECT_EQ(order[1], 1U);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(order, removal_order(map, 1));
  // Not by number: over many seeds each of the four equals comes first about as often.
  std::vector<int> first(6);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) ++first[removal_order(map, seed)[2]];
  for (const std::size_t pixel : {0, 2, 4, 5}) {
    EXPECT_NEAR(first[pixel], 1000, 5 * std::sqrt(4000 * 0.25 * 0.75)) << pixel;
  }
}

TEST(Removal, ExchangesPixelsInAllChannels) {
  const engine::Tensor base = seeded_input(3, 2, 2);
  const engine::Tensor other(base.dims());
  const std::vector<std::size_t> order{2, 0, 1, 3};
  const engine::Tensor result = with_pixels(base, other, order, 2);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const bool removed = i % 4 == 2 || i % 4 == 0;
    EXPECT_EQ(result.data()[i], removed ? 0 : base.data()[i]) << i;
  }
}

TEST(Removal, StepsEndWithEveryPixel) {
  EXPECT_EQ(pixels_at(0, 7, 1000), 0U);
  EXPECT_EQ(pixels_at(3, 7, 1000), 428U);
  EXPECT_EQ(pixels_at(7, 7, 1000), 1000U);
}

TEST(Removal, MeasuresTheAreaByTrapezoids) {
  EXPECT_EQ(area_under(std::vector<double>{1, 1, 1}), 1);
  EXPECT_EQ(area_under(std::vector<double>{1, 0}), 0.5);
  EXPECT_EQ(area_under(std::vector<double>{1, 0.5, 0, 0, 0}), 0.25);
}

TEST(Removal, KnowsThreeBaselines) {
  const engine::Tensor image = seeded_input(2, 32, 48);
  const engine::Tensor zero = removed_image(image, Removal::kZero);
  for (const float value : zero.values()) EXPECT_EQ(value, 0);

  const engine::Tensor mean = removed_image(image, Removal::kMean);
  for (const std::size_t channel : {0U, 1U}) {
    const auto plane = image.values().subspan(channel * 32 * 48, 32 * 48);
    const double sum = std::accumulate(plane.begin(), plane.end(), 0.0);
    EXPECT_EQ(mean.values()[channel * 32 * 48 + 5], static_cast<float>(sum / (32 * 48)));
  }

  // A blurred image keeps its level and loses its detail: of white noise a Gaussian of deviation 2
  // leaves a variance of 1 / (4 pi 2^2), a fiftieth.
  const engine::Tensor blurred = removed_image(image, Removal::kBlur);
  double before = 0;
  double after = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    before += image.values()[i] * image.values()[i];
    after += blurred.values()[i] * blurred.values()[i];
  }
  EXPECT_GT(after, before / 100);
  EXPECT_LT(after, before / 20);
  // A flat image stays: the weights sum to one, up to a rounding.
  engine::Tensor flat(image.dims());
  std::fill(flat.values().begin(), flat.values().end(), 0.3F);
  const engine::Tensor still_flat = removed_image(flat, Removal::kBlur);
  for (const float value : still_flat.values()) {
    EXPECT_NEAR(value, 0.3F, 0x1p-24);
  }
}

TEST(Removal, RefusesAnUnknownBaseline) {
  EXPECT_EQ(find_removal("mean"), Removal::kMean);
  try {
    find_removal("grey");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "baseline: there is no \"grey\"; one of blur, mean, zero");
  }
}

TEST(NormalNumber, HasTheMomentsAndTailsOfTheNormalDistribution) {
  constexpr int kCount = 100'000;
  double sum = 0;
  double squares = 0;
  int within_one = 0;
  int beyond_two = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const double x = normal_number(9, i);
    sum += x;
    squares += x * x;
    within_one += std::abs(x) < 1 ? 1 : 0;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  // Five standard deviations of each estimate, and the 0.003 of the distribution function twice.
  EXPECT_NEAR(sum / kCount, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(within_one / double{kCount}, 0.6827, 0.006 + 5 * std::sqrt(0.22 / kCount));
  EXPECT_NEAR(beyond_two / double{kCount}, 0.0455, 0.006 + 5 * std::sqrt(0.044 / kCount));
  EXPECT_NE(normal_number(9, 0), normal_number(10, 0));
}

}  // namespace
}  // namespace apatite::gradcam
