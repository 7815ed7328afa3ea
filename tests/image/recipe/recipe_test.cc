#include "image/recipe/recipe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/sha256.h"
#include "tests/support/seeded_image.h"
#include "tests/support/source_dir.h"

namespace apatite::image {
namespace {

constexpr const char* kCifar = R"({"recipe": 1, "channels": 3, "bit_depth": 8, "steps": [],
  "divide_by": 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})";
constexpr const char* kImagenet = R"({"recipe": 1, "channels": 3, "bit_depth": 8, "steps": [
  {"resize": {"shorter_side": 256, "method": "pillow-bilinear"}},
  {"center_crop": {"height": 224, "width": 224}}],
  "divide_by": 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})";
constexpr const char* kSquareGrey = R"({"recipe": 1, "channels": 3, "steps": [
  {"pad_to_square": {}},
  {"resize": {"height": 64, "width": 64, "method": "pillow-bilinear"}}],
  "divide_by": "max", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})";

Recipe recipe_of(const std::string& text) {
  return Recipe::from_json(parse_json(text, "r.json"), "r.json");
}

// A recipe without normalising, with these steps.
std::string with_steps(const std::string& steps, int channels = 1) {
  const std::string three = channels == 3 ? "0, 0, 0" : "0";
  const std::string ones = channels == 3 ? "1, 1, 1" : "1";
  return R"({"recipe": 1, "channels": )" + std::to_string(channels) + R"(, "steps": [)" + steps +
         R"(], "divide_by": 1, "mean": [)" + three + R"(], "std": [)" + ones + "]}";
}

std::vector<float> values_of(const engine::Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

std::string refused(const std::string& text) {
  return refusal(ErrorKind::kBadFile, [&] { recipe_of(text); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// torchvision computes (s / 255 - mean) / std in binary32. With u = 2^-24 its absolute error is at
// most u * ((x + mean + |x - mean|) / std + 2 |y|), x = s / 255 <= 1, to first order: the roundings
// of s / 255, of mean, of the difference, of std and of the quotient. Ours is one rounding, u |y|.
double torchvision_bound(double y, double mean, double deviation) {
  const double first_order =
      0x1p-24 * ((1 + mean + std::fabs(y) * deviation) / deviation + 3 * std::fabs(y));
  return first_order * (1 + 0x1p-20);
}

void expect_golden(const Json& golden, const Recipe& recipe, const Image& image) {
  const engine::Tensor tensor = recipe.apply(image);
  const engine::Shape shape{golden["shape"][0], golden["shape"][1], golden["shape"][2]};
  EXPECT_EQ(tensor.dims(), shape.with_batch(1));
  EXPECT_EQ(recipe.output_shape(image), shape);
  EXPECT_EQ(sha256_hex(std::as_bytes(tensor.values())), golden["sha256"]) << golden["name"];
  constexpr std::array kMean{0.485, 0.456, 0.406};
  constexpr std::array kStd{0.229, 0.224, 0.225};
  ASSERT_GE(golden["torchvision"].size(), 30U);
  for (const auto& [position, value] : golden["torchvision"].items()) {
    const std::size_t i = std::stoul(position);
    const std::size_t c = i / static_cast<std::size_t>(shape.height * shape.width);
    const double torchvision = value.get<double>();
    EXPECT_LE(std::fabs(tensor.values()[i] - torchvision),
              torchvision_bound(torchvision, kMean[c], kStd[c]))
        << golden["name"] << " " << i;
  }
}

TEST(Recipe, EqualsPillowAndTheBinary64FormulaToTheBitAndTorchvisionWithinItsRounding) {
  const Json cases = golden_cases("recipe.json");
  ASSERT_EQ(cases.size(), 4U);
  expect_golden(cases[0], recipe_of(kCifar), seeded_image<std::uint8_t>(1, 32, 32, 3));
  expect_golden(cases[1], recipe_of(kImagenet), seeded_image<std::uint8_t>(2, 281, 403, 3));
  expect_golden(cases[2], recipe_of(kImagenet), seeded_image<std::uint8_t>(3, 519, 300, 3));
  expect_golden(cases[3], recipe_of(kSquareGrey), seeded_image<std::uint8_t>(4, 51, 30, 1));
}

TEST(Recipe, KnowsItsOutputShapeWithoutAnImageWhereTheStepsFixIt) {
  EXPECT_EQ(recipe_of(kImagenet).output_shape(), (engine::Shape{3, 224, 224}));
  EXPECT_EQ(recipe_of(kSquareGrey).output_shape(), (engine::Shape{3, 64, 64}));
  const std::string crop_then_pad = with_steps(
      R"({"crop": {"top": 1, "left": 2, "height": 3, "width": 4}},
         {"pad": {"top": 1, "right": 5}}, {"pad_to_square": {}})");
  EXPECT_EQ(recipe_of(crop_then_pad).output_shape(), (engine::Shape{1, 9, 9}));
}

TEST(Recipe, FollowsTheImagesSizeWhereTheStepsDoNotFixIt) {
  const Recipe recipe = recipe_of(kCifar);
  EXPECT_FALSE(recipe.has_fixed_size());
  EXPECT_EQ(recipe.output_shape(seeded_image<std::uint8_t>(1, 5, 6, 3)), (engine::Shape{3, 5, 6}));
  EXPECT_EQ(refusal(ErrorKind::kUsage, [&] { return recipe.output_shape(); }),
            "recipe: does not fix the size of the network's input; add a resize or crop step to "
            "it, or ask per image");
}

TEST(Recipe, CropsAndPads) {
  const auto image = image_of<std::uint8_t>(2, 3, 1, {1, 2, 3, 4, 5, 6});
  const auto after = [&](const std::string& steps) {
    return values_of(recipe_of(with_steps(steps)).apply(image));
  };
  EXPECT_EQ(after(R"({"crop": {"top": 1, "left": 1, "height": 1, "width": 2}})"),
            (std::vector<float>{5, 6}));
  EXPECT_EQ(after(R"({"center_crop": {"height": 2, "width": 1}})"), (std::vector<float>{2, 5}));
  EXPECT_EQ(after(R"({"pad": {"top": 1, "left": 1, "value": 7}})"),
            (std::vector<float>{7, 7, 7, 7, 7, 1, 2, 3, 7, 4, 5, 6}));
  EXPECT_EQ(after(R"({"pad": {"bottom": 1, "right": 1}})"),
            (std::vector<float>{1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0}));
  EXPECT_EQ(after(R"({"pad_to_square": {"value": 9}})"),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 9, 9, 9}));
}

TEST(Recipe, CropsTheCenterAsTorchvisionRounds) {
  // int(round((n - 1) / 2)) for n = 2, 4, 6, 8, with Python's half to even: 0, 2, 2, 4.
  const std::vector<std::pair<std::int64_t, float>> expected{{2, 0}, {4, 2}, {6, 2}, {8, 4}};
  for (const auto& [width, left] : expected) {
    std::vector<std::uint8_t> samples;
    for (std::int64_t i = 0; i < width; ++i) samples.push_back(static_cast<std::uint8_t>(i));
    const Recipe recipe = recipe_of(with_steps(R"({"center_crop": {"height": 1, "width": 1}})"));
    EXPECT_EQ(values_of(recipe.apply(image_of<std::uint8_t>(1, width, 1, samples))),
              std::vector<float>{left});
  }
}

TEST(Recipe, ResizesTheShorterSideAsTorchvisionRounds) {
  const Recipe recipe =
      recipe_of(with_steps(R"({"resize": {"shorter_side": 256, "method": "pillow-bilinear"}})"));
  EXPECT_EQ(recipe.output_shape(seeded_image<std::uint8_t>(1, 375, 500, 1)),
            (engine::Shape{1, 256, 341}));
  EXPECT_EQ(recipe.output_shape(seeded_image<std::uint8_t>(1, 500, 375, 1)),
            (engine::Shape{1, 341, 256}));
  EXPECT_EQ(recipe.output_shape(seeded_image<std::uint8_t>(1, 7, 7, 1)),
            (engine::Shape{1, 256, 256}));
}

TEST(Recipe, RepeatsGreyAndTakesGreyFromEqualChannels) {
  const auto grey = image_of<std::uint8_t>(1, 2, 1, {3, 5});
  EXPECT_EQ(values_of(recipe_of(with_steps("", 3)).apply(grey)),
            (std::vector<float>{3, 5, 3, 5, 3, 5}));
  const auto equal = image_of<std::uint8_t>(1, 2, 3, {3, 3, 3, 5, 5, 5});
  EXPECT_EQ(values_of(recipe_of(with_steps("")).apply(equal)), (std::vector<float>{3, 5}));
  const auto colour = image_of<std::uint8_t>(1, 2, 3, {3, 3, 3, 5, 5, 6});
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe_of(with_steps("")).apply(colour); }),
            "image: is a colour image (first at row 0, column 1) where the recipe takes 1 channel; "
            "convert it to grey, or say in the recipe how: \"grey\": \"pillow\", \"opencv\" or "
            "\"rec709\"");
}

TEST(Recipe, SaysWhatBecomesOfAlpha) {
  const auto opaque = image_of<std::uint8_t>(1, 2, 2, {3, 255, 5, 255});
  EXPECT_EQ(values_of(recipe_of(with_steps("")).apply(opaque)), (std::vector<float>{3, 5}));
  const auto clear = image_of<std::uint8_t>(1, 3, 2, {3, 255, 200, 128, 80, 0});
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe_of(with_steps("")).apply(clear); }),
            "image: has an alpha channel that is not opaque at row 0, column 1; say in the recipe "
            "what to do: \"alpha\": \"ignore\", \"black\" or \"white\"");
  const auto with_rule = [&](const std::string& rule) {
    const std::string text =
        replaced(with_steps(""), "\"steps\"", "\"alpha\": \"" + rule + "\", \"steps\"");
    return values_of(recipe_of(text).apply(clear));
  };
  EXPECT_EQ(with_rule("ignore"), (std::vector<float>{3, 200, 80}));
  EXPECT_EQ(with_rule("black"), (std::vector<float>{3, 100, 0}));    // 200 * 128 / 255 = 100.39
  EXPECT_EQ(with_rule("white"), (std::vector<float>{3, 227, 255}));  // + 255 * 127 / 255 = 227.39
}

TEST(Recipe, DividesByTheLargestSampleOfTheBitDepth) {
  const std::string text = replaced(with_steps(""), "\"divide_by\": 1", "\"divide_by\": \"max\"");
  EXPECT_EQ(values_of(recipe_of(text).apply(image_of<std::uint8_t>(1, 2, 1, {0, 255}))),
            (std::vector<float>{0, 1}));
  EXPECT_EQ(values_of(recipe_of(text).apply(image_of<std::uint16_t>(1, 2, 1, {0, 65535}))),
            (std::vector<float>{0, 1}));
}

TEST(Recipe, GivesNoNegativeZero) {
  const std::string text = replaced(with_steps(""), "\"mean\": [0]", "\"mean\": [1e-300]");
  const engine::Tensor tensor = recipe_of(text).apply(image_of<std::uint8_t>(1, 1, 1, {0}));
  EXPECT_EQ(tensor.values()[0], 0.0F);  // -1e-300 rounds to -0
  EXPECT_FALSE(std::signbit(tensor.values()[0]));
}

TEST(Recipe, RefusesValuesBeyondBinary32) {
  const std::string text = replaced(with_steps(""), "\"std\": [1]", "\"std\": [1e-300]");
  EXPECT_EQ(refusal(ErrorKind::kNumeric,
                    [&] {
                      return recipe_of(text).apply(image_of<std::uint8_t>(1, 2, 1, {0, 1}));
                    }),
            "image: gives a value beyond binary32 at element 1 of its tensor; check divide_by, "
            "mean and std of the recipe");
}

TEST(Recipe, RefusesImagesThatDoNotFit) {
  const auto image = seeded_image<std::uint16_t>(1, 20, 30, 1);
  const auto refused_image = [&](const std::string& text) {
    return refusal(ErrorKind::kBadFile, [&] { return recipe_of(text).apply(image); });
  };
  EXPECT_EQ(refused_image(kCifar),
            "image: has 16-bit samples where the recipe takes 8-bit ones; use the images that the "
            "network was trained on, or another recipe");
  EXPECT_EQ(refused_image(with_steps(R"({"center_crop": {"height": 10, "width": 31}})")),
            "image: has 30x20 pixels (width x height) where the recipe crops the middle 31x10 "
            "pixels (width x height); resize or pad before the crop");
  EXPECT_EQ(
      refused_image(with_steps(R"({"crop": {"top": 11, "left": 0, "height": 10, "width": 3}})")),
      "image: has 30x20 pixels (width x height) where the recipe crops 3x10 pixels (width x "
      "height) from row 11, column 0; resize or pad before the crop");
  EXPECT_EQ(refused_image(with_steps(R"({"pad": {"left": 60000, "right": 60000}})")),
            "image after its recipe's pad: has 120030x20 pixels; at most 65,535 per side and "
            "134,217,728 in all are read");
  EXPECT_EQ(refused_image(with_steps(R"({"pad": {"left": 1, "value": 65536}})")),
            "image: has 16-bit samples, which cannot hold the recipe's padding value 65536");
  EXPECT_NE(refused_image(with_steps(R"({"pad": {"left": 1, "value": -1}})")), "accepted");
  EXPECT_NE(refused_image(with_steps(R"({"pad": {"left": 1, "value": 0.5}})")), "accepted");
}

TEST(Recipe, MapsPixelsBackToTheImage) {
  const auto image = seeded_image<std::uint8_t>(1, 100, 300, 1);
  const Recipe recipe = recipe_of(with_steps(
      R"({"crop": {"top": 10, "left": 20, "height": 80, "width": 200}},
         {"resize": {"height": 40, "width": 50, "method": "pillow-bilinear"}},
         {"pad_to_square": {}}, {"center_crop": {"height": 30, "width": 30}})"));
  const PixelMap map = recipe.pixel_map(image);
  EXPECT_EQ(map.scale_y, 2.0);
  EXPECT_EQ(map.scale_x, 4.0);
  EXPECT_EQ(map.offset_y, 10 + 2.0 * (10 - 5));  // five rows of padding above, ten cropped
  EXPECT_EQ(map.offset_x, 20 + 4.0 * 10);
}

TEST(Recipe, TracesEveryStep) {
  const auto image = image_of<std::uint8_t>(1, 2, 4, {10, 20, 30, 255, 40, 50, 60, 255});
  const RecipeResult result =
      recipe_of(with_steps(R"({"pad": {"top": 1}})", 3)).apply_traced(image);
  ASSERT_EQ(result.trace.size(), 4U);
  EXPECT_EQ(result.trace[0].name, "decoded");
  EXPECT_EQ(result.trace[0].shape, (engine::Shape{4, 1, 2}));
  EXPECT_EQ(result.trace[0].max, 255);
  EXPECT_EQ(result.trace[0].sha256, sha256_hex(sample_bytes(image)));
  EXPECT_EQ(result.trace[1].name, "alpha");
  EXPECT_EQ(result.trace[1].max, 60);
  EXPECT_EQ(result.trace[2].name, "pad");
  EXPECT_EQ(result.trace[2].shape, (engine::Shape{3, 2, 2}));
  EXPECT_EQ(result.trace[2].min, 0);
  EXPECT_EQ(result.trace[3].name, "normalized");
  EXPECT_EQ(result.trace[3].sha256, sha256_hex(std::as_bytes(result.tensor.values())));
  EXPECT_EQ(values_of(result.tensor),
            (std::vector<float>{0, 0, 10, 40, 0, 0, 20, 50, 0, 0, 30, 60}));
  EXPECT_EQ(result.map.offset_y, -1);
}

TEST(RecipeJson, HasOneCanonicalForm) {
  const std::string same = R"({"std": [0.229, 0.224, 0.225], "mean": [0.4850, 0.456, 0.406],
    "divide_by": 255.0, "alpha": "refuse", "steps": [], "bit_depth": 8, "channels": 3,
    "recipe": 1})";
  EXPECT_EQ(to_text(recipe_of(kCifar).to_json()), to_text(recipe_of(same).to_json()));
  EXPECT_EQ(recipe_of(kCifar).sha256(), recipe_of(same).sha256());
  EXPECT_NE(recipe_of(kCifar).sha256(), recipe_of(kImagenet).sha256());
  for (const char* text : {kCifar, kImagenet, kSquareGrey}) {
    const Json canonical = recipe_of(text).to_json();
    EXPECT_EQ(Recipe::from_json(canonical, "again").to_json(), canonical);
  }
}

TEST(RecipeJson, KeepsTheIdentityOfRecipesThatAreInWeightsFiles) {
  // The hashes of format 1 as it first was: a key that came later must not change them.
  EXPECT_EQ(recipe_of(kCifar).sha256(),
            "3c283f6ba0a16f56e43fcc631efb36f4f7629c2c6e8693da218530633d557808");
  EXPECT_EQ(recipe_of(kImagenet).sha256(),
            "354301539f0d78834256280f1baae636596f1eae25b403b1804157f5e5f7931a");
  EXPECT_EQ(recipe_of(kSquareGrey).sha256(),
            "77d75314c213f6c548c340427f1bae593dfdb5cd4e6ff53a6e00a995d02afe98");
}

TEST(RecipeJson, WritesOutHowJpegIsDecodedWhereItIsNotTheUsualWay) {
  const auto with_jpeg = [](const std::string& jpeg) {
    return recipe_of(replaced(kCifar, R"("steps")", R"("jpeg": )" + jpeg + R"(, "steps")"));
  };
  for (const char* usual : {"{}", R"({"dct": "islow"})", R"({"upsampling": "fancy"})"}) {
    EXPECT_EQ(with_jpeg(usual).sha256(), recipe_of(kCifar).sha256()) << usual;
  }
  const Json expected{{"dct", "islow"}, {"upsampling", "nearest"}};
  const Recipe other = with_jpeg(R"({"upsampling": "nearest"})");
  EXPECT_EQ(other.to_json()["jpeg"], expected);
  EXPECT_EQ(Recipe::from_json(other.to_json(), "again").sha256(), other.sha256());
  EXPECT_NE(other.sha256(), recipe_of(kCifar).sha256());
}

TEST(RecipeJson, KeepsEveryStep) {
  const std::string steps =
      R"([{"resize": {"height": 9, "width": 8, "method": "pillow-12-bilinear"}},)"
      R"({"resize": {"shorter_side": 7, "method": "pillow-bilinear"}},)"
      R"({"crop": {"top": 1, "left": 2, "height": 3, "width": 4}},)"
      R"({"pad": {"top": 1, "left": 2, "bottom": 3, "right": 4, "value": 5.0}},)"
      R"({"pad_to_square": {"value": 6.0}}, {"center_crop": {"height": 3, "width": 4}},)"
      R"({"flip": {"if": "left"}}, {"flip": {"if": "right"}}, {"flip": {"if": "always"}},)"
      R"({"crop_breast": {"threshold": 7.0, "margin": 8}}])";
  const std::string text = with_steps(steps.substr(1, steps.size() - 2));
  EXPECT_EQ(recipe_of(text).to_json()["steps"], parse_json(steps, "steps"));
}

TEST(RecipeJson, ReadsTheExamplesOfItsDocument) {
  const auto path = source_dir() / "docs" / "recipes.md";
  const std::string text = read_file(path, 1U << 20U);
  std::size_t run = 0;
  constexpr std::string_view kFence = "```";
  constexpr std::string_view kJson = "```json";
  for (std::size_t at = text.find(kJson); at != std::string::npos; at = text.find(kJson, at)) {
    at += kJson.size();
    const std::size_t end = text.find(kFence, at);
    EXPECT_EQ(refused(text.substr(at, end - at)), "accepted");
    at = end;
    ++run;
  }
  EXPECT_EQ(run, 4U);
}

TEST(RecipeJson, RefusesWhatItDoesNotKnow) {
  const std::string text = with_steps("");
  EXPECT_EQ(refused(text), "accepted");
  EXPECT_NE(refused(replaced(text, "\"divide_by\"", "\"divide\"")), "accepted");
  EXPECT_EQ(refused(replaced(text, "\"steps\"", "\"men\": 0, \"steps\"")),
            "r.json: does not know the field \"men\"; nearest known: mean, grey, jpeg");
  EXPECT_NE(refused(replaced(text, "\"recipe\": 1", "\"recipe\": 2")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"channels\": 1", "\"channels\": 2")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"mean\": [0]", "\"mean\": [0, 0]")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"mean\": [0]", "\"mean\": [\"0\"]")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"mean\": [0]", "\"mean\": 0")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"std\": [1]", "\"std\": [0]")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"std\": [1]", "\"std\": [-1]")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"divide_by\": 1", "\"divide_by\": 0")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"divide_by\": 1", "\"divide_by\": \"min\"")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"steps\": []", "\"steps\": {}")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"steps\"", "\"bit_depth\": 12, \"steps\"")), "accepted");
  EXPECT_NE(refused(replaced(text, "\"steps\"", "\"alpha\": \"drop\", \"steps\"")), "accepted");
  EXPECT_NE(refused("[]"), "accepted");
  EXPECT_NE(refused("{}"), "accepted");
  EXPECT_NE(refused(text + "x"), "accepted");
  EXPECT_EQ(refused(replaced(text, "\"steps\"", "\"channels\": 1, \"steps\"")),
            "r.json: JSON has the key \"channels\" twice; remove one of them");
}

TEST(RecipeJson, RefusesStepsThatItDoesNotKnow) {
  EXPECT_EQ(refused(with_steps(R"({"rotate": {}})")),
            "r.json: steps[0]: there is no step \"rotate\"; one of resize, crop, center_crop, "
            "crop_box, crop_breast, pad, pad_to_square, flip");
  EXPECT_EQ(refused(with_steps(R"({"pad": {}}, {"resize": {"height": 2, "width": 2,
                                  "method": "bicubic"}})")),
            refusal(ErrorKind::kBadFile,
                    [] { return find_resize_method("bicubic", "r.json: steps[1].resize"); }));
  EXPECT_NE(refused(with_steps(R"({"resize": {"height": 2, "width": 2}})")), "accepted");
  EXPECT_NE(refused(with_steps(R"({"resize": {"height": 2, "method": "pillow-bilinear"}})")),
            "accepted");
  EXPECT_NE(refused(with_steps(R"({"resize": {"height": 2, "width": 2, "shorter_side": 3,
                                  "method": "pillow-bilinear"}})")),
            "accepted");
  EXPECT_NE(refused(with_steps(R"({"resize": {"height": 0, "width": 2,
                                  "method": "pillow-bilinear"}})")),
            "accepted");
  EXPECT_NE(refused(with_steps(R"({"resize": {"height": 60000, "width": 60000,
                                  "method": "pillow-bilinear"}})")),
            "accepted");
  EXPECT_NE(refused(with_steps(R"({"pad": {"top": -1}})")), "accepted");
  EXPECT_NE(refused(with_steps(R"({"pad": {}, "crop": {}})")), "accepted");
  EXPECT_NE(refused(with_steps("1")), "accepted");
}

TEST(RecipeJson, RefusesStepsThatCanNeverBeApplied) {
  EXPECT_EQ(refused(with_steps(R"({"resize": {"height": 200, "width": 300,
                                  "method": "pillow-bilinear"}},
                                  {"center_crop": {"height": 224, "width": 224}})")),
            "r.json: has 300x200 pixels (width x height) where the recipe crops the middle 224x224 "
            "pixels (width x height); resize or pad before the crop");
}

}  // namespace
}  // namespace apatite::image
