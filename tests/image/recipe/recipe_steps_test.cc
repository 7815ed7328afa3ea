// The steps of a recipe that depend on more than the image's size, and its colours.
#include <gtest/gtest.h>

#include <cmath>

#include "base/sha256.h"
#include "image/recipe/breast_box.h"
#include "image/recipe/recipe.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

Recipe recipe_of(const std::string& steps, const std::string& more = "", int channels = 1) {
  const std::string three = channels == 3 ? "0, 0, 0" : "0";
  const std::string ones = channels == 3 ? "1, 1, 1" : "1";
  const bool fixed = more.find("standardize") == std::string::npos;
  const std::string text = R"({"recipe": 1, "channels": )" + std::to_string(channels) +
                           R"(, "steps": [)" + steps + R"(], "divide_by": 1)" +
                           (fixed ? R"(, "mean": [)" + three + R"(], "std": [)" + ones + "]" : "") +
                           more + "}";
  return Recipe::from_json(parse_json(text, "r.json"), "r.json");
}

std::string refused(const std::string& steps, const std::string& more = "", int channels = 1) {
  return refusal(ErrorKind::kBadFile, [&] { return recipe_of(steps, more, channels); });
}

std::vector<float> values_of(const engine::Tensor& tensor) {
  return {tensor.values().begin(), tensor.values().end()};
}

Image counted(std::int64_t height, std::int64_t width) {
  std::vector<std::uint16_t> samples;
  for (std::int64_t i = 0; i < height * width; ++i) {
    samples.push_back(static_cast<std::uint16_t>(i + 1));
  }
  return image_of<std::uint16_t>(height, width, 1, samples);
}

TEST(CropBox, TakesTheBoxOfTheImagesContext) {
  const Recipe recipe = recipe_of(R"({"crop_box": {}})");
  const Image image = counted(3, 4);
  const ImageContext context{Box{1, 2, {2, 2}}, Laterality::kUnknown};
  EXPECT_EQ(values_of(recipe.apply(image, context)), (std::vector<float>{7, 8, 11, 12}));
  EXPECT_EQ(recipe.pixel_map(image, context).offset_x, 2);
  EXPECT_EQ(recipe.output_shape(image, context), (engine::Shape{1, 2, 2}));
  EXPECT_FALSE(recipe.has_fixed_size());
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe.apply(image); }),
            "image: has no box where the recipe crops to one (crop_box); fill the manifest's "
            "columns crop_top, crop_left, crop_height and crop_width, or write \"missing\": "
            "\"keep\"");
  EXPECT_EQ(recipe_of(R"({"crop_box": {"missing": "keep"}})").apply(image).size(), 12U);
  const ImageContext outside{Box{2, 2, {2, 2}}, Laterality::kUnknown};
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe.apply(image, outside); }),
            "image: has 4x3 pixels (width x height), in which its box of 2x2 pixels (width x "
            "height) from row 2, column 2 does not lie; correct the manifest's columns crop_...");
}

TEST(CropBox, MustComeFirst) {
  EXPECT_EQ(refused(R"({"flip": {"if": "always"}}, {"crop_box": {}})"),
            "r.json: has crop_box as step 1, after others have moved the pixels; let it be the "
            "first step");
  EXPECT_NE(refused(R"({"crop_box": {"missing": "centre"}})"), "accepted");
}

TEST(BreastBox, IsThatOfTheLargestConnectedRegion) {
  // A letter of four pixels at the upper right, a breast of seven that is joined at a corner.
  const auto image = image_of<std::uint8_t>(6, 8, 1, {0, 0, 0, 0, 0, 9, 9, 0,  //
                                                      0, 0, 0, 0, 0, 9, 9, 0,  //
                                                      7, 7, 0, 0, 0, 0, 0, 0,  //
                                                      7, 7, 0, 0, 0, 0, 0, 0,  //
                                                      0, 0, 7, 0, 0, 0, 0, 0,  //
                                                      0, 7, 7, 0, 0, 0, 0, 1});
  EXPECT_EQ(breast_box(image, 1), (Box{2, 0, {4, 3}}));
  EXPECT_EQ(breast_box(image, 8), (Box{0, 5, {2, 2}}));
  EXPECT_EQ(breast_box(image, 9), std::nullopt);
  EXPECT_EQ(breast_box(image, -1), (Box{0, 0, {6, 8}}));
  EXPECT_EQ(breast_box(image, 6.5), (Box{2, 0, {4, 3}}));
}

TEST(BreastBox, JoinsRegionsThatMeetLater) {
  const auto image = image_of<std::uint8_t>(4, 7, 1, {5, 0, 5, 0, 5, 0, 0,  //
                                                      5, 0, 5, 0, 5, 0, 5,  //
                                                      5, 5, 5, 0, 5, 0, 0,  //
                                                      0, 0, 0, 5, 0, 0, 0});
  EXPECT_EQ(breast_box(image, 0), (Box{0, 0, {4, 5}}));
}

// Flood filling from every pixel, the obvious way.
std::optional<Box> obvious_box(const Image& image, int threshold) {
  const auto samples = image.values<std::uint8_t>();
  std::vector<bool> seen(samples.size());
  std::optional<Box> best;
  std::size_t most = 0;
  for (std::size_t start = 0; start < samples.size(); ++start) {
    if (seen[start] || samples[start] <= threshold) continue;
    std::vector<std::int64_t> todo{static_cast<std::int64_t>(start)};
    seen[start] = true;
    std::int64_t top = image.height;
    std::int64_t left = image.width;
    std::int64_t bottom = 0;
    std::int64_t right = 0;
    for (std::size_t next = 0; next < todo.size(); ++next) {
      const std::int64_t y = todo[next] / image.width;
      const std::int64_t x = todo[next] % image.width;
      top = std::min(top, y);
      left = std::min(left, x);
      bottom = std::max(bottom, y);
      right = std::max(right, x);
      for (std::int64_t v = std::max<std::int64_t>(0, y - 1);
           v <= std::min(image.height - 1, y + 1); ++v) {
        for (std::int64_t u = std::max<std::int64_t>(0, x - 1);
             u <= std::min(image.width - 1, x + 1); ++u) {
          const auto at = static_cast<std::size_t>(v * image.width + u);
          if (seen[at] || samples[at] <= threshold) continue;
          seen[at] = true;
          todo.push_back(v * image.width + u);
        }
      }
    }
    if (todo.size() > most) {
      most = todo.size();
      best = Box{top, left, {bottom - top + 1, right - left + 1}};
    }
  }
  return best;
}

TEST(BreastBox, EqualsFloodFilling) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto image = seeded_image<std::uint8_t>(seed, 1 + static_cast<std::int64_t>(seed % 23),
                                                  1 + static_cast<std::int64_t>(seed % 19), 1);
    const int threshold = 100 + static_cast<int>(seed % 150);
    EXPECT_EQ(breast_box(image, threshold), obvious_box(image, threshold)) << seed;
  }
}

TEST(CropBreast, CropsWithAMarginWithinTheImage) {
  std::vector<std::uint8_t> samples(6 * 9, 0);
  samples[2 * 9 + 4] = samples[3 * 9 + 4] = samples[3 * 9 + 5] = 50;
  const auto image = image_of<std::uint8_t>(6, 9, 1, samples);
  const Recipe tight = recipe_of(R"({"crop_breast": {"threshold": 10}})");
  EXPECT_EQ(values_of(tight.apply(image)), (std::vector<float>{50, 0, 50, 50}));
  const Recipe wide = recipe_of(R"({"crop_breast": {"threshold": 10, "margin": 3}})");
  EXPECT_EQ(wide.output_shape(image), (engine::Shape{1, 6, 8}));
  EXPECT_EQ(wide.pixel_map(image).offset_x, 1);
  EXPECT_EQ(wide.pixel_map(image).offset_y, 0);
  EXPECT_EQ(
      refusal(ErrorKind::kBadFile,
              [&] { return recipe_of(R"({"crop_breast": {"threshold": 50}})").apply(image); }),
      "image: has no pixel above the recipe's threshold 50 (crop_breast); lower the "
      "threshold, or look at the image");
  EXPECT_EQ(refused(R"({"crop_breast": {}})"),
            "r.json: steps[0].crop_breast: needs a \"threshold\"; write the largest sample of the "
            "background, e.g. 0 where it is all black");
}

TEST(Flip, DependsOnTheLaterality) {
  Image image = counted(2, 3);
  const std::vector<float> same{1, 2, 3, 4, 5, 6};
  const std::vector<float> flipped{3, 2, 1, 6, 5, 4};
  const auto after = [&](const std::string& condition, Laterality laterality) {
    return values_of(recipe_of(R"({"flip": {"if": ")" + condition + "\"}}")
                         .apply(image, {std::nullopt, laterality}));
  };
  EXPECT_EQ(after("always", Laterality::kUnknown), flipped);
  EXPECT_EQ(after("left", Laterality::kLeft), flipped);
  EXPECT_EQ(after("left", Laterality::kRight), same);
  EXPECT_EQ(after("right", Laterality::kRight), flipped);
  EXPECT_EQ(after("right", Laterality::kLeft), same);
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return after("left", Laterality::kUnknown); }),
            "image: has no known laterality, which the recipe's flip depends on; fill the "
            "manifest's column laterality (L or R)");
  image.laterality = Laterality::kLeft;  // the file knows it
  EXPECT_EQ(after("left", Laterality::kUnknown), flipped);
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return after("left", Laterality::kRight); }),
            "image: has another laterality in its file than in the manifest; correct the manifest");
  EXPECT_NE(refused(R"({"flip": {}})"), "accepted");
  EXPECT_NE(refused(R"({"flip": {"if": "L"}})"), "accepted");
}

TEST(Flip, ReversesEveryRowOfColours) {
  const auto image = image_of<std::uint8_t>(1, 3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Recipe recipe = recipe_of(R"({"flip": {"if": "always"}})", "", 3);
  EXPECT_EQ(values_of(recipe.apply(image)), (std::vector<float>{7, 4, 1, 8, 5, 2, 9, 6, 3}));
  EXPECT_FALSE(recipe.has_fixed_size());
}

// Every pixel of the tensor, carried back by the map, is the sample that it was made of.
TEST(PixelMap, LeadsBackToTheSampleThroughCropsFlipsAndPads) {
  const Image image = counted(20, 30);
  const Recipe recipe = recipe_of(
      R"({"crop_box": {}}, {"flip": {"if": "right"}}, {"pad": {"left": 3, "top": 2, "right": 1}},
         {"crop": {"top": 1, "left": 1, "height": 12, "width": 20}}, {"pad_to_square": {}},
         {"flip": {"if": "always"}}, {"center_crop": {"height": 15, "width": 19}})");
  for (const Laterality laterality : {Laterality::kLeft, Laterality::kRight}) {
    const ImageContext context{Box{3, 4, {14, 22}}, laterality};
    const RecipeResult result = recipe.apply_traced(image, context);
    ASSERT_EQ(result.tensor.dims(), (engine::Dims{1, 1, 15, 19}));
    const PixelMap map = recipe.pixel_map(image, context);
    EXPECT_EQ(map.scale_x, laterality == Laterality::kRight ? 1 : -1);
    EXPECT_EQ(map.offset_x, result.map.offset_x);
    int found = 0;
    for (int y = 0; y < 15; ++y) {
      for (int x = 0; x < 19; ++x) {
        const float value = result.tensor.values()[static_cast<std::size_t>(y * 19 + x)];
        if (value == 0) continue;  // padding: no sample is 0
        const double source_y = map.offset_y + map.scale_y * (y + 0.5);
        const double source_x = map.offset_x + map.scale_x * (x + 0.5);
        ASSERT_EQ(value, 1 + std::floor(source_y) * 30 + std::floor(source_x));
        ++found;
      }
    }
    EXPECT_GT(found, 150);
  }
}

TEST(PixelMap, ScalesBehindAFlip) {
  const Image image = counted(10, 40);
  const PixelMap map =
      recipe_of(R"({"flip": {"if": "always"}}, {"resize": {"height": 5, "width": 10,
                    "method": "pillow-box"}})")
          .pixel_map(image);
  EXPECT_EQ(map.scale_x, -4);
  EXPECT_EQ(map.offset_x, 40);
  EXPECT_EQ(map.scale_y, 2);
}

TEST(Orientation, IsAppliedIgnoredOrRefused) {
  Image image = counted(2, 3);
  image.orientation = 6;  // to be turned clockwise
  const auto with_rule = [&](const std::string& rule) {
    return recipe_of("", R"(, "exif_orientation": ")" + rule + "\"");
  };
  EXPECT_EQ(values_of(with_rule("ignore").apply(image)), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  const RecipeResult turned = with_rule("apply").apply_traced(image);
  EXPECT_EQ(values_of(turned.tensor), (std::vector<float>{4, 1, 5, 2, 6, 3}));
  EXPECT_EQ(turned.trace[1].name, "orientation");
  EXPECT_EQ(with_rule("apply").output_shape(image), (engine::Shape{1, 3, 2}));
  const std::string remedy =
      "say in the recipe what to do: \"exif_orientation\": \"apply\" or \"ignore\"";
  for (const Recipe& recipe : {with_rule("refuse"), recipe_of("")}) {
    EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe.apply(image); }),
              "image: is stored turned or mirrored (EXIF orientation 6); " + remedy);
    EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe.pixel_map(image).scale_x; }),
              "image: is stored turned or mirrored (EXIF orientation 6); " + remedy);
  }
  EXPECT_EQ(with_rule("apply").oriented(std::move(image)).height, 3);
  Image damaged = counted(2, 3);
  damaged.orientation = Image::kUnreadableOrientation;
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return with_rule("apply").apply(damaged); }),
            "image: has an EXIF orientation that cannot be read; say in the recipe what to do: "
            "\"exif_orientation\": \"ignore\"");
  EXPECT_EQ(with_rule("ignore").apply(damaged).size(), 6U);
}

TEST(Grey, EqualsPillowAndOpenCvToTheBit) {
  const Json cases = golden_cases("grey.json");
  EXPECT_EQ(cases.size(), 2U);
  for (const Json& golden : cases) {
    const auto image = seeded_image<std::uint8_t>(golden["seed"], 300, 301, 3);
    const GreyRule rule = golden["rule"] == "pillow" ? GreyRule::kPillow : GreyRule::kOpenCv;
    EXPECT_EQ(sha256_hex(sample_bytes(grey_from_rgb(image, rule))), golden["sha256"]) << golden;
  }
}

TEST(Grey, KeepsGreyGreyInEveryType) {
  for (const GreyRule rule : {GreyRule::kPillow, GreyRule::kOpenCv, GreyRule::kRec709}) {
    const auto wide = image_of<std::uint16_t>(1, 2, 3, {65535, 65535, 65535, 777, 777, 777});
    EXPECT_EQ(samples_of<std::uint16_t>(grey_from_rgb(wide, rule)),
              (std::vector<std::uint16_t>{65535, 777}));
    const auto real = image_of<float>(1, 1, 3, {0.625F, 0.625F, 0.625F});
    EXPECT_EQ(samples_of<float>(grey_from_rgb(real, rule)), std::vector<float>{0.625F});
  }
  const auto green = image_of<std::uint16_t>(1, 1, 3, {0, 1000, 0});
  EXPECT_EQ(samples_of<std::uint16_t>(grey_from_rgb(green, GreyRule::kRec709))[0], 715);
}

TEST(Grey, AppliesToThreeChannelsToo) {
  const auto image = image_of<std::uint8_t>(1, 1, 3, {100, 50, 200});
  EXPECT_EQ(values_of(recipe_of("", R"(, "grey": "pillow")", 3).apply(image)),
            (std::vector<float>{82, 82, 82}));
  EXPECT_EQ(values_of(recipe_of("", R"(, "grey": "pillow")", 1).apply(image)),
            std::vector<float>{82});
  EXPECT_EQ(values_of(recipe_of("", "", 3).apply(image)), (std::vector<float>{100, 50, 200}));
  EXPECT_NE(refused("", R"(, "grey": "rec2020")"), "accepted");
}

TEST(ChannelOrder, CanBeBlueGreenRed) {
  const auto image = image_of<std::uint8_t>(1, 2, 3, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(values_of(recipe_of("", R"(, "channel_order": "BGR")", 3).apply(image)),
            (std::vector<float>{3, 6, 2, 5, 1, 4}));
  EXPECT_EQ(refused("", R"(, "channel_order": "BGR")"),
            "r.json: has a \"channel_order\" for one channel; leave it out");
}

TEST(Standardize, TakesTheImagesOwnMoments) {
  // Mean 3, variance ((1 - 3)^2 + (3 - 3)^2 + (5 - 3)^2 + 0) / 4 = 2.
  const auto image = image_of<std::uint8_t>(1, 4, 1, {1, 3, 5, 3});
  const auto root = static_cast<float>(2 / std::sqrt(2.0));
  const std::vector<float> expected{-root, 0, root, 0};
  const std::string key = R"(, "standardize": {"over": "image"})";
  EXPECT_EQ(values_of(recipe_of("", key).apply(image)), expected);
  const auto wide = image_of<std::uint16_t>(1, 4, 1, {1, 3, 5, 3});
  EXPECT_EQ(values_of(recipe_of("", key).apply(wide)), expected);
  const auto real = image_of<float>(1, 4, 1, {1, 3, 5, 3});
  EXPECT_EQ(values_of(recipe_of("", key).apply(real)), expected);
  const std::string floor = R"(, "standardize": {"least_std": 4})";
  EXPECT_EQ(values_of(recipe_of("", floor).apply(image)), (std::vector<float>{-0.5, 0, 0.5, 0}));
}

TEST(Standardize, WorksPerImageOrPerChannel) {
  const auto image = image_of<std::uint8_t>(1, 2, 3, {0, 10, 7, 2, 30, 9});
  const auto per = [&](const std::string& over) {
    return values_of(
        recipe_of("", R"(, "standardize": {"over": ")" + over + "\"}", 3).apply(image));
  };
  EXPECT_EQ(per("channels"), (std::vector<float>{-1, 1, -1, 1, -1, 1}));
  const std::vector<float> whole = per("image");
  double sum = 0;
  double squares = 0;
  for (const float value : whole) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum, 0, 6 * 0x1p-22);       // six roundings of values up to 2
  EXPECT_NEAR(squares, 6, 24 * 0x1p-22);  // and of their squares
}

TEST(Standardize, SumsExactlyWhateverTheSize) {
  // In binary64 the squares' sum would round: 65535^2 * 2^22 samples is above 2^53.
  Image image = make_image<std::uint16_t>(2048, 2048, 1);
  const auto samples = image.values<std::uint16_t>();
  std::fill(samples.begin(), samples.end(), std::uint16_t{65535});
  samples[0] = 65534;
  const auto n = static_cast<double>(samples.size());
  const Recipe recipe = recipe_of("", R"(, "standardize": {"over": "image"})");
  // One sample of N is 1 below: variance (N - 1) / N^2.
  const double deviation = std::sqrt((n - 1) / n / n);
  const double mean = (65535 * n - 1) / n;
  EXPECT_EQ(recipe.apply(image).values()[1], static_cast<float>((65535 - mean) / deviation));
}

TEST(Standardize, RefusesWhatHasNoDeviation) {
  const auto image = image_of<std::uint8_t>(1, 2, 1, {7, 7});
  const std::string key = R"(, "standardize": {"over": "image"})";
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe_of("", key).apply(image); }),
            "image: has the same value in every pixel, so that it has no standard deviation to "
            "divide by; look at the image, or give the recipe's standardize a least_std");
  EXPECT_EQ(refused("", key + R"(, "mean": [0])"),
            "r.json: has \"standardize\" and also \"mean\" or \"std\"; leave out one or the other");
  EXPECT_NE(refused("", R"(, "standardize": {"over": "batch"})"), "accepted");
  EXPECT_NE(refused("", R"(, "standardize": {"least_std": -1})"), "accepted");
  EXPECT_NE(refused("", R"(, "standardize": {"of": 1})"), "accepted");
  EXPECT_NE(refused("", R"(, "standardize": 1)"), "accepted");
}

TEST(TorchResize, IsRoundedOnceAtTheEnd) {
  // 1 and 2 of 255 in the ratio 3 : 1 is 1.25, which a second rounding of 1.25 / 255 would not
  // change, but a rounding to 8 bits would; the divisor stays that of the 8-bit image.
  const auto image = image_of<std::uint8_t>(1, 2, 1, {1, 2});
  const std::string text = R"({"recipe": 1, "channels": 1, "divide_by": "max", "mean": [0],
    "std": [1], "steps": [{"resize": {"height": 1, "width": 4, "method": "torch-bilinear"}}]})";
  const Recipe recipe = Recipe::from_json(parse_json(text, "r.json"), "r.json");
  EXPECT_EQ(values_of(recipe.apply(image)),
            (std::vector<float>{static_cast<float>(1 / 255.0), static_cast<float>(1.25 / 255),
                                static_cast<float>(1.75 / 255), static_cast<float>(2 / 255.0)}));
}

TEST(RecipeJson, KeepsEveryNewKey) {
  for (const char* more : {R"(, "exif_orientation": "apply")", R"(, "grey": "opencv")",
                           R"(, "grey": "equal")", R"(, "channel_order": "BGR")",
                           R"(, "standardize": {"over": "channels", "least_std": 0.5})"}) {
    const Recipe recipe = recipe_of(R"({"crop_box": {"missing": "keep"}})", more, 3);
    const Json canonical = recipe.to_json();
    EXPECT_EQ(Recipe::from_json(canonical, "again").to_json(), canonical) << more;
    EXPECT_NE(recipe.sha256(), recipe_of(R"({"crop_box": {"missing": "keep"}})", "", 3).sha256())
        << more;
  }
  EXPECT_EQ(recipe_of("", R"(, "exif_orientation": "refuse", "channel_order": "RGB")", 3).sha256(),
            recipe_of("", "", 3).sha256());
  EXPECT_EQ(recipe_of("", R"(, "grey": "equal")").sha256(), recipe_of("").sha256());
}

}  // namespace
}  // namespace apatite::image
