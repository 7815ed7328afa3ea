#include "image/resize.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "image/decode.h"
#include "tests/image/seeded_image.h"
#include "tests/support/shared_data.h"

namespace apatite {
namespace {

Image source_of(const Json& golden) {
  const auto seed = golden["seed"].get<std::uint64_t>();
  const std::int64_t height = golden["input"][0];
  const std::int64_t width = golden["input"][1];
  const std::int64_t channels = golden["channels"];
  if (golden["kind"] == "u8") return seeded_image<std::uint8_t>(seed, height, width, channels);
  if (golden["kind"] == "u16") return seeded_image<std::uint16_t>(seed, height, width, channels);
  return seeded_image<float>(seed, height, width, channels);
}

const ResizeMethod& bilinear() { return find_resize_method("pillow-bilinear", "test"); }

void expect_goldens(const std::string& file, std::string_view method, std::size_t count) {
  const Json cases = golden_cases(file);
  EXPECT_EQ(cases.size(), count);
  for (const Json& golden : cases) {
    const Image result = find_resize_method(method, "test")
                             .resize(source_of(golden), golden["output"][0], golden["output"][1]);
    EXPECT_EQ(sha256_hex(sample_bytes(result)), golden["sha256"]) << golden;
    visit_samples(result, [&](auto samples) {
      for (std::size_t i = 0; i < golden["first"].size(); ++i) {
        EXPECT_EQ(static_cast<double>(samples[i]), golden["first"][i]) << golden;
      }
    });
  }
}

TEST(PillowBilinear, EqualsPillow13ToTheBit) {
  expect_goldens("resize.json", "pillow-bilinear", 68);
}

TEST(PillowBilinear, EqualsPillow12WhereItRunsThePassesInAnotherOrder) {
  expect_goldens("resize_pillow12.json", "pillow-12-bilinear", 12);
}

TEST(PillowBilinear, EqualsPillowOnARealMammogram) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Image image = decode_image(data / "png/nyu_1_L_CC.png");
  EXPECT_EQ(sha256_hex(sample_bytes(bilinear().resize(image, 224, 224))),
            "54359326902abf2b9b9923f397e3ee45e5da25d8afa9e3122a9711f470748a76");
}

TEST(PillowBilinear, Treats16BitColoursAsThreeGreyImages) {
  const auto rgb = seeded_image<std::uint16_t>(5, 19, 23, 3);
  const Image together = bilinear().resize(rgb, 7, 31);
  for (std::int64_t c = 0; c < 3; ++c) {
    Image grey = make_image<std::uint16_t>(19, 23, 1);
    for (std::size_t i = 0; i < 19 * 23; ++i) {
      grey.values<std::uint16_t>()[i] =
          rgb.values<std::uint16_t>()[3 * i + static_cast<std::size_t>(c)];
    }
    const Image alone = bilinear().resize(grey, 7, 31);
    for (std::size_t i = 0; i < 7 * 31; ++i) {
      ASSERT_EQ(alone.values<std::uint16_t>()[i],
                together.values<std::uint16_t>()[3 * i + static_cast<std::size_t>(c)]);
    }
  }
}

TEST(PillowBilinear, KeepsAConstantImageConstant) {
  for (const std::uint16_t value : std::vector<std::uint16_t>{0, 1, 32767, 65535}) {
    const auto image =
        image_of<std::uint16_t>(40, 30, 1, std::vector<std::uint16_t>(40 * 30, value));
    EXPECT_EQ(samples_of<std::uint16_t>(bilinear().resize(image, 13, 57)),
              std::vector<std::uint16_t>(13 * 57, value));
  }
}

TEST(ResizeMethods, NamesWhatThereIs) {
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [] { find_resize_method("bilinear", "r.json"); }),
            "r.json: there is no resize method \"bilinear\"; there is: pillow-bilinear, "
            "pillow-12-bilinear");
  EXPECT_EQ(resize_methods().front().name, "pillow-bilinear");
}

}  // namespace
}  // namespace apatite
