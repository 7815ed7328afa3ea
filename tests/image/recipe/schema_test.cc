// docs/recipe.schema.json says what Recipe reads.
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "image/recipe/recipe.h"
#include "image/resize/resize.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

Json schema() {
  const auto path = source_dir() / "docs" / "recipe.schema.json";
  return parse_json(read_file(path, 1U << 20U), path.string());
}

Json small_recipe() {
  return parse_json(R"({"recipe": 1, "channels": 3, "steps": [], "divide_by": 255,
                        "mean": [0, 0, 0], "std": [1, 1, 1]})",
                    "small");
}

std::string verdict(const Json& recipe) {
  return refusal(ErrorKind::kBadFile, [&] { return Recipe::from_json(recipe, "r"); });
}

TEST(RecipeSchema, KnowsEveryResizeMethod) {
  std::vector<std::string> names;
  for (const ResizeMethod& method : resize_methods()) names.emplace_back(method.name);
  const Json steps = schema()["properties"]["steps"]["items"]["properties"];
  EXPECT_EQ(steps["resize"]["properties"]["method"]["enum"], Json(names));
}

TEST(RecipeSchema, KnowsEveryStep) {
  Json recipe = small_recipe();
  recipe["steps"] = Json::array({{{"no such step", Json::object()}}});
  std::vector<std::string> names;
  const Json steps = schema()["properties"]["steps"]["items"]["properties"];
  for (const auto& [name, step] : steps.items()) names.push_back(name);
  const std::string message = verdict(recipe);
  const std::string listed = message.substr(message.find("one of ") + 7);
  EXPECT_EQ(std::count(listed.begin(), listed.end(), ','),
            static_cast<std::ptrdiff_t>(names.size()) - 1);
  for (const std::string& name : names) {
    EXPECT_NE((", " + listed + ",").find(", " + name + ","), std::string::npos) << name;
  }
}

TEST(RecipeSchema, ListsTheWordsThatAreRead) {
  std::size_t tried = 0;
  const Json properties = schema()["properties"];
  for (const auto& [key, rule] : properties.items()) {
    Json recipe = small_recipe();
    if (!rule.contains("enum") || key == "channels") continue;
    for (const Json& word : rule["enum"]) {
      recipe[key] = word;
      EXPECT_EQ(verdict(recipe), "accepted") << key << " " << word;
      ++tried;
    }
    recipe[key] = "other";
    EXPECT_NE(verdict(recipe), "accepted") << key;
  }
  EXPECT_EQ(tried, 16U);
}

TEST(RecipeSchema, ListsTheWordsOfJpeg) {
  std::size_t tried = 0;
  const Json properties = schema()["properties"]["jpeg"]["properties"];
  EXPECT_EQ(properties.size(), to_json(JpegOptions{}).size());
  for (const auto& [key, rule] : properties.items()) {
    Json recipe = small_recipe();
    for (const Json& word : rule["enum"]) {
      recipe["jpeg"] = {{key, word}};
      EXPECT_EQ(verdict(recipe), "accepted") << key << " " << word;
      ++tried;
    }
    recipe["jpeg"] = {{key, "other"}};
    EXPECT_NE(verdict(recipe), "accepted") << key;
  }
  EXPECT_EQ(tried, 4U);
}

TEST(RecipeSchema, HasEveryKeyOfACanonicalRecipe) {
  Json recipe = small_recipe();
  recipe["exif_orientation"] = "apply";
  recipe["grey"] = "pillow";
  recipe["channel_order"] = "BGR";
  recipe["dicom"] = Json::object();
  recipe["jpeg"] = {{"dct", "ifast"}};
  const Json properties = schema()["properties"];
  std::set<std::string> seen{"standardize"};
  const Json canonical = Recipe::from_json(recipe, "r").to_json();
  for (const auto& [key, value] : canonical.items()) {
    EXPECT_TRUE(properties.contains(key)) << key;
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), properties.size());
}

}  // namespace
}  // namespace apatite::image
