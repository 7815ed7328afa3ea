#include "image/codec/png.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/sha256.h"
#include "image/codec/decode.h"
#include "image/codec/exif.h"
#include "image/recipe/recipe.h"
#include "tests/image/codec/png_parts.h"
#include "tests/support/hex.h"
#include "tests/support/seeded_image.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"

namespace apatite::image {
namespace {

TEST(Png, ReadsEveryBitDepthColourTypeAndInterlacing) {
  std::size_t run = 0;
  for (const Json& golden : golden_cases("png.json")) {
    const std::string file = from_hex(golden["file"]);
    const Image image = decode_png(bytes_of(file), golden.dump());
    EXPECT_EQ(image.height, golden["size"][0]) << golden;
    EXPECT_EQ(image.width, golden["size"][1]) << golden;
    EXPECT_EQ(image.channels, golden["channels"]) << golden;
    EXPECT_EQ(image.bit_depth(), golden["bit_depth"]) << golden;
    EXPECT_EQ(sha256_hex(sample_bytes(image)), golden["sha256"]) << golden;
    ++run;
  }
  EXPECT_EQ(run, 67U);
}

TEST(Png, TurnsUprightAsPillowsExifTransposeDoes) {
  std::size_t run = 0;
  for (const Json& golden : golden_cases("png_orientation.json")) {
    SCOPED_TRACE(golden["name"].get<std::string>());
    const std::string file = from_hex(golden["file"]);
    const Image image = decode_png(bytes_of(file), "a.png");
    EXPECT_EQ(image.orientation, golden["orientation"]);
    const ImageFacts facts =
        image.orientation == 1
            ? ImageFacts{}
            : ImageFacts{{"EXIF orientation", std::to_string(image.orientation)}};
    EXPECT_EQ(image.facts, facts);
    const Image seen = upright(image);
    EXPECT_EQ(seen.height, golden["upright_size"][0]);
    EXPECT_EQ(seen.width, golden["upright_size"][1]);
    EXPECT_EQ(sha256_hex(sample_bytes(seen)), golden["upright"]);
    ++run;
  }
  EXPECT_EQ(run, 16U);
}

// The rule of JPEG's EXIF data holds for PNG's.
TEST(Png, FollowsTheRecipesRuleForItsOrientation) {
  const auto recipe = [](const std::string& rule) {
    return Recipe::from_json(
        parse_json(R"({"recipe": 1, "channels": 3, "steps": [], "mean": [0, 0, 0],
      "std": [1, 1, 1], "divide_by": 1, "exif_orientation": ")" +
                       rule + "\"}",
                   "r"),
        "r");
  };
  const Json golden = golden_cases("png_orientation.json")[10];
  ASSERT_EQ(golden["name"], "RGB 6");
  const std::string file = from_hex(golden["file"]);
  const Image image = decode_png(bytes_of(file), "a.png");
  EXPECT_EQ(recipe("apply").apply(image).dims(), (engine::Dims{1, 3, 5, 3}));
  EXPECT_EQ(recipe("ignore").apply(image).dims(), (engine::Dims{1, 3, 3, 5}));
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { return recipe("refuse").apply(image); }),
            "a.png: is stored turned or mirrored (EXIF orientation 6); say in the recipe what to "
            "do: \"exif_orientation\": \"apply\" or \"ignore\"");
}

TEST(Png, DoesNotGuessAnOrientationThatItCannotRead) {
  const std::string good("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22);
  const auto orientation = [](const std::string& chunks) {
    const std::string file =
        png_file(png_header(1, 1) + png_chunk("IDAT", deflated("\1\2")) + chunks);
    return decode_png(bytes_of(file), "a.png").orientation;
  };
  EXPECT_EQ(orientation(""), 1);
  EXPECT_EQ(orientation(png_chunk("eXIf", good)), 6);
  EXPECT_EQ(orientation(png_chunk("eXIf", good) + png_chunk("eXIf", good)),
            Image::kUnreadableOrientation);
  for (std::size_t length = 0; length < 20; ++length) {
    EXPECT_EQ(orientation(png_chunk("eXIf", good.substr(0, length))), Image::kUnreadableOrientation)
        << length;
  }
}

TEST(Png, ReadsAll16BitsOfARealMammogram) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Image image = decode_image(data / "png/nyu_1_L_CC.png");
  EXPECT_EQ(describe(image), "2560x3328 pixels, 1 channel, 16 bits");
  EXPECT_EQ(sha256_hex(sample_bytes(image)),
            "4c76bb633d11eb311278ab632fa113b63ea8d4cb1c4a6ec42e57c2eda280f237");
}

TEST(Png, ReadsRealColourImages) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(data / "cifar10/test/cat")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 20U);
  Sha256 hash;
  for (std::size_t i = 0; i < 20; ++i) {
    const Image image = decode_image(files[i]);
    EXPECT_EQ(describe(image), "32x32 pixels, 3 channels, 8 bits");
    hash.update(sample_bytes(image));
  }
  EXPECT_EQ(hash.finish(), "c9abab1928493e5bdf78c61f025eaea64d3dc9c7e1b9f9789c73730c984cb8ae");
}

template <class T>
void expect_round_trip(std::int64_t height, std::int64_t width, std::int64_t channels) {
  const auto image = seeded_image<T>(9, height, width, channels);
  const std::string file = encode_png(image);
  EXPECT_EQ(file, encode_png(image));
  const Image read = decode_png(bytes_of(file), "round trip");
  EXPECT_EQ(describe(read), describe(image));
  EXPECT_EQ(samples_of<T>(read), samples_of<T>(image));
}

TEST(Png, WritesWhatItReads) {
  for (std::int64_t channels = 1; channels <= 4; ++channels) {
    expect_round_trip<std::uint8_t>(5, 13, channels);
    expect_round_trip<std::uint16_t>(13, 5, channels);
    expect_round_trip<std::uint8_t>(1, 1, channels);
  }
}

TEST(Png, WritesAFile) {
  const TemporaryFolder folder;
  const auto image = seeded_image<std::uint8_t>(1, 3, 4, 3);
  write_png(folder / "a.png", image);
  EXPECT_EQ(samples_of<std::uint8_t>(decode_image(folder / "a.png")),
            samples_of<std::uint8_t>(image));
}

TEST(Png, DoesNotWriteFloatingPointSamples) {
  EXPECT_EQ(refusal(ErrorKind::kUsage, [] { encode_png(seeded_image<float>(1, 2, 2, 1)); }),
            "image: has floating-point samples, which PNG cannot hold; write a .npy file");
}

}  // namespace
}  // namespace apatite::image
