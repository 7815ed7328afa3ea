#include "image/recipe/recipe_presets.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/sha256.h"
#include "image/recipe/recipe.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

TEST(RecipePresets, AreRecipesWithNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const RecipePreset& preset : recipe_presets()) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    const Recipe recipe = Recipe::read(preset.name);
    EXPECT_TRUE(recipe.has_fixed_size()) << preset.name;
    EXPECT_EQ(Recipe::from_json(recipe.to_json(), "again").sha256(), recipe.sha256());
  }
  EXPECT_EQ(find_recipe_preset("keras"), nullptr);
}

// The peers compute in binary32. With u = 2^-24, x the scaled sample and y the value, the roundings
// of x, of the mean, of their difference, of the deviation and of the quotient are to first order
// at most u * ((x + mean + |y| std) / std + 3 |y|); ours is u |y|.
double peer_bound(double y, double largest, double mean, double deviation) {
  return 0x1p-24 * ((largest + mean + std::fabs(y) * deviation) / deviation + 3 * std::fabs(y)) *
         (1 + 0x1p-20);
}

TEST(RecipePresets, AreThoseOfTorchvisionAndKeras) {
  const Json cases = golden_cases("presets.json");
  std::set<std::string> seen;
  for (const Json& golden : cases) {
    const std::string name = golden["preset"];
    const Recipe recipe = Recipe::read(name);
    const Json json = recipe.to_json();
    const auto image =
        seeded_image<std::uint8_t>(golden["seed"], golden["input"][0], golden["input"][1], 3);
    const engine::Tensor tensor = recipe.apply(image);
    EXPECT_EQ(sha256_hex(std::as_bytes(tensor.values())), golden["sha256"]) << name;
    const double divisor = json["divide_by"] == "max" ? 255 : json["divide_by"].get<double>();
    ASSERT_GE(golden["values"].size(), 30U);
    for (const auto& [position, value] : golden["values"].items()) {
      const std::size_t i = std::stoul(position);
      const std::size_t c = i / (tensor.size() / 3);
      const double peer = value.get<double>();
      EXPECT_NEAR(static_cast<double>(tensor.values()[i]), peer,
                  peer_bound(peer, 255 / divisor, json["mean"][c].get<double>(),
                             json["std"][c].get<double>()))
          << name << " " << i;
    }
    seen.insert(name);
  }
  EXPECT_EQ(seen.size(), recipe_presets().size());
}

}  // namespace
}  // namespace apatite::image
