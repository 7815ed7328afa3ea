#include "gradcam/map/projection.h"

#include <gtest/gtest.h>

#include "gradcam/map/resample.h"
#include "image/recipe/recipe.h"
#include "tests/gradcam/map/golden_maps.h"

namespace apatite::gradcam {
namespace {

TEST(Resample, AgreesWithTorchsHalfPixelRule) {
  const Json cases = golden_file("maps.json")["resize"];
  ASSERT_EQ(cases.size(), 3U);
  for (const Json& golden : cases) {
    const auto before = golden["before"].get<std::vector<std::int64_t>>();
    const auto after = golden["after"].get<std::vector<std::int64_t>>();
    const SaliencyMap map =
        symmetric_map(golden["seed"].get<std::uint64_t>(), before[0], before[1]);
    const SaliencyMap large = resize(map, after[0], after[1]);
    EXPECT_EQ(large.height, after[0]);
    EXPECT_EQ(large.width, after[1]);
    // Positions up to 7 with a rounding or two: some 1e-15.
    expect_near(golden["values"].get<std::vector<double>>(), large.values, 1e-14);
  }
}

TEST(Resample, IsDefinedToTheBit) {
  const SaliencyMap map{1, 2, {0.1, 0.7}};
  // Positions 0.5 * 2/3, 1.5 * 2/3, 2.5 * 2/3, less 0.5, cut to [0, 1].
  const double middle = 1.5 * 2 / 3 - 0.5;
  const double last = 2.5 * 2 / 3 - 0.5;
  EXPECT_EQ(resize(map, 1, 3).values,
            (std::vector<double>{0.1, (1 - middle) * 0.1 + middle * 0.7, last > 1 ? 0.7 : 0.0}));
  // Kept as it is, and constant outside the outermost middles.
  EXPECT_EQ(resize(map, 1, 2).values, map.values);
  EXPECT_EQ(resize(map, 4, 2).values, (std::vector<double>{.1, .7, .1, .7, .1, .7, .1, .7}));
}

TEST(Resample, AveragesWhereItShrinks) {
  const SaliencyMap map{2, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(resize(map, 1, 3).values, (std::vector<double>{2.5, 3.5, 4.5}));
  EXPECT_EQ(resize(map, 1, 1).values, (std::vector<double>{3.5}));
  // [0, 1.5) and [1.5, 3)
  EXPECT_EQ(resize(map, 2, 2).values,
            (std::vector<double>{2 / 1.5, 4 / 1.5, (4 + 2.5) / 1.5, (2.5 + 6) / 1.5}));
}

Projection of(image::Size source, image::Size input, const image::PixelMap& map = {}) {
  return {source, input, map};
}

// The middle of a map's cell, found in the source by sampling there.
TEST(Projection, KeepsRowsAndColumnsApart) {
  // 3 x 2 cells over an input of 6 x 8, made from a source of 12 x 8 pixels.
  const Projection projection = of({12, 8}, {6, 8}, {.scale_y = 2});
  EXPECT_EQ(projection.covered(), (image::Box{0, 0, {12, 8}}));
  SaliencyMap map{3, 2, std::vector<double>(6, 0.0)};
  map.values[3] = 1;  // row 1, column 1
  const SaliencyMap source = projection.to_source(map);
  EXPECT_EQ(source.height, 12);
  EXPECT_EQ(source.width, 8);
  // Cell 1 of 3 has its middle at 1.5 / 3 * 12 = 6, cell 1 of 2 at 1.5 / 2 * 8 = 6. A source
  // pixel's middle is 0.5 away.
  EXPECT_EQ(projection.source_row(1.5, 3), 6);
  EXPECT_EQ(projection.source_column(1.5, 2), 6);
  const double beside = (1 - 0.125) * (1 - 0.125);
  for (const std::int64_t y : {5, 6}) {
    EXPECT_EQ(source.at(y, 5), beside) << y;
    EXPECT_EQ(source.at(y, 6), 1 - 0.125) << y;  // to the right the map stays constant
  }
  for (std::int64_t y = 0; y < 12; ++y) {
    for (std::int64_t x = 0; x < 8; ++x) EXPECT_LE(source.at(y, x), 1 - 0.125) << y << " " << x;
  }
}

TEST(Projection, LeavesOutWhatTheCropLeftOut) {
  // The input is the 4 x 3 box at row 5, column 2 of a 20 x 10 source.
  const Projection projection = of({20, 10}, {4, 3}, {.offset_y = 5, .offset_x = 2});
  EXPECT_EQ(projection.covered(), (image::Box{5, 2, {4, 3}}));
  const SaliencyMap source = projection.to_source({1, 1, {3}});
  for (std::int64_t y = 0; y < 20; ++y) {
    for (std::int64_t x = 0; x < 10; ++x) {
      const bool inside = y >= 5 && y < 9 && x >= 2 && x < 5;
      EXPECT_EQ(source.at(y, x), inside ? 3 : 0) << y << " " << x;
    }
  }
}

TEST(Projection, CoversTheSourceWithinThePadding) {
  // 2 rows above and 3 columns to the left were added to a 4 x 5 source.
  const Projection projection = of({4, 5}, {10, 10}, {.offset_y = -2, .offset_x = -3});
  EXPECT_EQ(projection.covered(), (image::Box{0, 0, {4, 5}}));
  SaliencyMap map{10, 10, std::vector<double>(100, 0.0)};
  map.values[10 * 3 + 7] = 1;
  const SaliencyMap source = projection.to_source(map);
  for (std::int64_t y = 0; y < 4; ++y) {
    for (std::int64_t x = 0; x < 5; ++x) EXPECT_EQ(source.at(y, x), y == 1 && x == 4 ? 1 : 0);
  }
}

// A flip: column x of the source is column 4 - x of the input.
TEST(Projection, FollowsAFlip) {
  const Projection projection = of({2, 4}, {2, 4}, {.scale_x = -1, .offset_x = 4});
  EXPECT_EQ(projection.covered(), (image::Box{0, 0, {2, 4}}));
  const SaliencyMap source = projection.to_source({2, 4, {1, 2, 3, 4, 5, 6, 7, 8}});
  EXPECT_EQ(source.values, (std::vector<double>{4, 3, 2, 1, 8, 7, 6, 5}));
}

// Through real recipes: a bright pixel's way into the tensor and back.
TEST(Projection, FollowsEveryStepOfARecipe) {
  const Json steps = Json::parse(R"([
    {"pad": {"top": 3, "left": 1, "bottom": 2, "right": 0}},
    {"crop": {"top": 2, "left": 0, "height": 33, "width": 20}},
    {"pad_to_square": {}},
    {"center_crop": {"height": 30, "width": 26}}])");
  const image::Recipe recipe = image::Recipe::from_json({{"recipe", 1},
                                                         {"channels", 1},
                                                         {"steps", steps},
                                                         {"divide_by", 1},
                                                         {"mean", {0}},
                                                         {"std", {1}}},
                                                        "recipe");
  image::Image image = image::make_image<std::uint8_t>(31, 22, 1);
  std::int64_t seen = 0;
  for (std::int64_t y = 0; y < 31; ++y) {
    for (std::int64_t x = 0; x < 22; ++x) {
      std::ranges::fill(image.values<std::uint8_t>(), std::uint8_t{0});
      image.values<std::uint8_t>()[static_cast<std::size_t>(y * 22 + x)] = 200;
      const image::RecipeResult result = recipe.apply_traced(image);
      const Projection projection({31, 22}, {30, 26}, result.map, recipe.visible_part(image));
      // The tensor as a map of its own pixels: back in the source it is the image.
      const SaliencyMap map{30, 26, {result.tensor.values().begin(), result.tensor.values().end()}};
      const SaliencyMap back = projection.to_source(map);
      const image::Box box = projection.covered();
      const bool inside = y >= box.top && y < box.bottom() && x >= box.left && x < box.right();
      ASSERT_EQ(back.at(y, x), inside ? 200 : 0) << y << " " << x;
      seen += inside ? 1 : 0;
    }
  }
  EXPECT_GT(seen, 400);
  EXPECT_LT(seen, 31 * 22);
}

TEST(Projection, SaysItsGeometryInJson) {
  const Projection projection = of({20, 10}, {8, 4}, {2, 1, 2.5, -1});
  const Json json = projection.to_json();
  EXPECT_EQ(json["source"], Json({{"height", 20}, {"width", 10}}));
  EXPECT_EQ(json["input"], Json({{"height", 8}, {"width", 4}}));
  EXPECT_EQ(json["input_to_source"]["offset_x"], -1.0);
  EXPECT_EQ(json["covered"], Json({{"top", 1}, {"left", 0}, {"bottom", 17}, {"right", 9}}));
  const Json map = projection.map_to_source_json(4, 2);
  EXPECT_EQ(map["scale_y"], 4.0);
  EXPECT_EQ(map["scale_x"], 5.0);
  EXPECT_EQ(map["offset_y"], 1.0);
  EXPECT_EQ(map["offset_x"], -1.0);
}

}  // namespace
}  // namespace apatite::gradcam
