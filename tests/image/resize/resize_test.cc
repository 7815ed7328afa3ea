#include "image/resize/resize.h"

#include <gtest/gtest.h>

#include <map>

#include "base/sha256.h"
#include "image/codec/decode.h"
#include "tests/support/seeded_image.h"
#include "tests/support/shared_data.h"

namespace apatite::image {
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

Image resized(const Json& golden) {
  return find_resize_method(golden["method"].get<std::string>(), "test")
      .resize(source_of(golden), golden["output"][0], golden["output"][1]);
}

double sample_at(const Image& image, std::int64_t i) {
  return visit_samples(image, [&](auto samples) {
    return static_cast<double>(samples[static_cast<std::size_t>(i)]);
  });
}

// How many cases of each method there are.
std::map<std::string, int> expect_goldens(const std::string& file) {
  std::map<std::string, int> count;
  for (const Json& golden : golden_cases(file)) {
    ++count[golden["method"].get<std::string>()];
    const Image result = resized(golden);
    EXPECT_EQ(sha256_hex(sample_bytes(result)), golden["sha256"]) << golden;
    visit_samples(result, [&](auto samples) {
      for (std::size_t i = 0; i < golden["first"].size(); ++i) {
        EXPECT_EQ(static_cast<double>(samples[i]), golden["first"][i]) << golden;
      }
    });
  }
  return count;
}

TEST(PillowMethods, EqualPillow13ToTheBit) {
  EXPECT_EQ(expect_goldens("resize.json"), (std::map<std::string, int>{{"pillow-bicubic", 68},
                                                                       {"pillow-bilinear", 68},
                                                                       {"pillow-box", 68},
                                                                       {"pillow-lanczos", 68},
                                                                       {"pillow-nearest", 68}}));
}

TEST(PillowMethods, EqualPillow12WhereItRunsThePassesInAnotherOrder) {
  EXPECT_EQ(expect_goldens("resize_pillow12.json"),
            (std::map<std::string, int>{
                {"pillow-12-bicubic", 9}, {"pillow-12-bilinear", 12}, {"pillow-12-lanczos", 9}}));
}

TEST(PillowMethods, EqualPillowOnARealMammogram) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Image image = decode_image(data / "png/nyu_1_L_CC.png");
  const auto expect = [&](std::string_view method, std::string_view sha256) {
    const Image small = find_resize_method(method, "test").resize(image, 224, 224);
    EXPECT_EQ(sha256_hex(sample_bytes(small)), sha256) << method;
  };
  expect("pillow-bilinear", "54359326902abf2b9b9923f397e3ee45e5da25d8afa9e3122a9711f470748a76");
  expect("pillow-bicubic", "c0ea7f8aae6d77538ae553c4015a47517a5481f28931d152cce521f6064dc607");
  expect("pillow-lanczos", "b591eef4ed983cf32d53a6e950137ee07f6c46f8f89f8018cf6ab255a09b0e5a");
  expect("pillow-box", "e110acccb60fb09e0e014f8fce2c014925a70838e1c44ac7e47735190e34f919");
  expect("pillow-nearest", "95da0c8650cb74b670aeb9800bf1c258c0be2cf0f36cd876c320a414e82aeb1b");
}

TEST(TorchMethods, EqualTorchInBinary64) {
  // What docs/recipes.md promises: for samples up to 1, before the one rounding to binary32.
  constexpr double kPromised = 1e-12;
  std::map<std::string, int> values;
  for (const Json& golden : golden_cases("resize_torch.json")) {
    const Image result = resized(golden);
    for (const auto& [position, value] : golden["values"].items()) {
      EXPECT_NEAR(sample_at(result, std::stoll(position)), value.get<double>(), kPromised)
          << golden["method"] << " " << golden["input"] << " " << golden["output"];
      ++values[golden["method"].get<std::string>()];
    }
  }
  EXPECT_EQ(values.size(), 6U);
  for (const auto& [method, count] : values) EXPECT_GE(count, 350) << method;
}

TEST(TorchMethods, DoNotRoundExceptNearest) {
  const auto image = seeded_image<std::uint8_t>(1, 5, 7, 3);
  for (const ResizeMethod& method : resize_methods()) {
    const bool exact = method.name.starts_with("torch-") && !method.name.starts_with("torch-near");
    EXPECT_EQ(method.resize(image, 4, 9).bit_depth(), exact ? 64 : 8) << method.name;
  }
}

TEST(ResizeMethods, TreatEverySampleTypeAlikeUpToItsRounding) {
  // A 16-bit image of 8-bit values, and the same in binary32: half a unit apart at most, per pass.
  const auto small = seeded_image<std::uint8_t>(3, 31, 45, 1);
  Image wide = make_image<std::uint16_t>(31, 45, 1);
  Image real = make_image<float>(31, 45, 1);
  for (std::size_t i = 0; i < 31 * 45; ++i) {
    wide.values<std::uint16_t>()[i] = static_cast<std::uint16_t>(
        1000 + small.values<std::uint8_t>()[i]);  // far from both ends: nothing is cut
    real.values<float>()[i] = static_cast<float>(wide.values<std::uint16_t>()[i]);
  }
  for (const ResizeMethod& method : resize_methods()) {
    for (const auto& [height, width] : {std::pair{13, 90}, {60, 20}, {31, 45}, {1, 1}}) {
      const Image a = method.resize(wide, height, width);
      const Image b = method.resize(real, height, width);
      for (std::int64_t i = 0; i < height * width; ++i) {
        // Lanczos' weights add up to 1, their magnitudes to less than 2: the second pass doubles
        // the half unit of the first at most.
        ASSERT_NEAR(sample_at(a, i), sample_at(b, i), 1.5 + 1e-3) << method.name;
      }
    }
  }
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
            "pillow-bicubic, pillow-lanczos, pillow-box, pillow-nearest, pillow-12-bilinear, "
            "pillow-12-bicubic, pillow-12-lanczos, torch-bilinear, torch-bilinear-antialias, "
            "torch-bicubic, torch-bicubic-antialias, torch-nearest, torch-nearest-exact");
  EXPECT_EQ(resize_methods().front().name, "pillow-bilinear");
}

}  // namespace
}  // namespace apatite::image
