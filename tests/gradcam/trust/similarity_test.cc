#include "gradcam/trust/similarity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tests/gradcam/map/golden_maps.h"

namespace apatite::gradcam {
namespace {

// As make_goldens.py makes them: with ties.
std::pair<SaliencyMap, SaliencyMap> pair_of(const Json& golden) {
  const auto shape = golden["shape"].get<std::vector<std::int64_t>>();
  const auto seed = golden["seed"].get<std::uint64_t>();
  SaliencyMap a = symmetric_map(seed, shape[0], shape[1]);
  SaliencyMap b = symmetric_map(seed + 100, shape[0], shape[1]);
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const double value = std::abs(a.values[i]);
    b.values[i] = std::clamp(value + 0.3 * b.values[i], 0.0, 1.0);
    a.values[i] = std::floor(value * 32) / 32;
  }
  return {a, b};
}

TEST(Similarity, AgreesWithScipyAndScikitImage) {
  const Json cases = golden_file("maps.json")["similarity"];
  ASSERT_EQ(cases.size(), 4U);
  for (const Json& golden : cases) {
    const auto [a, b] = pair_of(golden);
    // A few hundred binary64 roundings.
    EXPECT_NEAR(spearman(a, b).value(), golden["spearman"].get<double>(), 1e-13);
    EXPECT_NEAR(structural_similarity(a, b).value(), golden["ssim"].get<double>(), 1e-12);
    EXPECT_EQ(spearman(a, b), spearman(b, a));
  }
}

TEST(Similarity, OfAMapWithItselfIsOne) {
  const SaliencyMap map = symmetric_map(3, 20, 31);
  EXPECT_EQ(spearman(map, map), 1.0);
  EXPECT_EQ(structural_similarity(map, map), 1.0);
  SaliencyMap reversed = map;
  for (double& value : reversed.values) value = -value;
  EXPECT_EQ(spearman(map, reversed), -1.0);
}

TEST(Similarity, IsEmptyWhereItIsUndefined) {
  const SaliencyMap map = symmetric_map(3, 3, 2);
  const SaliencyMap flat{3, 2, std::vector<double>(6, 0.5)};
  EXPECT_FALSE(spearman(map, flat).has_value());
  EXPECT_FALSE(spearman(flat, map).has_value());
  EXPECT_FALSE(structural_similarity(map, map).has_value());  // no window fits
  EXPECT_THROW(spearman(map, symmetric_map(3, 2, 3)), Error);
  EXPECT_THROW(structural_similarity(map, symmetric_map(3, 2, 3)), Error);
}

TEST(Similarity, ComparesOnAGridOfTheInputsProportions) {
  const auto grid = [](std::int64_t h, std::int64_t w) {
    const image::Size size = comparison_grid(h, w);
    return std::pair(size.height, size.width);
  };
  EXPECT_EQ(grid(32, 32), std::pair(std::int64_t{32}, std::int64_t{32}));
  EXPECT_EQ(grid(224, 100), std::pair(std::int64_t{224}, std::int64_t{100}));
  EXPECT_EQ(grid(3062, 2394), std::pair(std::int64_t{224}, std::int64_t{175}));
  EXPECT_EQ(grid(1, 5000), std::pair(std::int64_t{1}, std::int64_t{224}));
}

}  // namespace
}  // namespace apatite::gradcam
