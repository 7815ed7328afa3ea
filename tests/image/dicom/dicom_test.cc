// The small files of tests/goldens/dicom against what pydicom makes of them.
#include "image/dicom/pixels/dicom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "image/dicom/pixels/dicom_levels.h"
#include "image/dicom/pixels/gdcm_codec.h"
#include "image/input.h"
#include "tests/image/dicom/dicom_goldens.h"
#include "tests/support/hex.h"

namespace apatite::image {
namespace {

#if defined(__x86_64__)
constexpr bool kMachineOfTheGoldens = true;
#else
constexpr bool kMachineOfTheGoldens = false;
#endif

// The largest difference to the bytes of the samples that are expected.
double difference(const Image& image, const std::string& expected) {
  double largest = 0;
  visit_samples(image, [&]<class T>(std::span<const T> samples) {
    ASSERT_EQ(expected.size(), samples.size() * sizeof(T));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      T other;
      std::memcpy(&other, expected.data() + i * sizeof(T), sizeof(T));
      largest = std::max(largest, std::abs(static_cast<double>(samples[i]) - other));
    }
  });
  return largest;
}

// Returns how many cases of the file were compared.
std::size_t compare_cases(const std::string& file) {
  const Json cases = golden(file)["cases"];
  std::size_t compared = 0;
  for (const Json& entry : cases) {
    const auto name = entry["file"].get<std::string>();
    SCOPED_TRACE(name + " " + entry["dicom"].dump());
    try {
      const Image image = decoded(golden_folder() / name, entry["dicom"]);
      EXPECT_EQ(image.height, entry["shape"][0]);
      EXPECT_EQ(image.width, entry["shape"][1]);
      if (entry.contains("bound")) {
        EXPECT_LE(difference(image, from_hex(entry["samples"])), entry["bound"]);
      }
      if (!entry.contains("bound") || kMachineOfTheGoldens) {
        EXPECT_EQ(hash_of(image), entry["sha256"]) << describe(image);
      }
      ++compared;
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_EQ(compared, cases.size());
  return compared;
}

TEST(Dicom, GivesThePixelsOfPydicom) {
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  EXPECT_EQ(compare_cases("expected.json"), 269U);
}

// What makes which of them comparable is said in make_codecs.py.
TEST(Dicom, GivesThePixelsOfPydicomAndDcmtkWithLossAndColours) {
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  EXPECT_EQ(compare_cases("codecs.json"), 50U);
}

// In binary64, before the output is rounded: the linear windows are pydicom's bits, since the
// operations are the same; the sigmoid differs by what the two exponential functions do. e^x is
// below 1 ulp off here and below 1 ulp in NumPy: 2^-52 each relative; the sum with 1 and the
// quotient round once more in both, by 2^-53 each: (2 + 2) 2^-52 of the value.
TEST(Dicom, WindowsInBinary64AreThoseOfPydicom) {
  const Json levels = golden("real.json")["GH133"]["levels"];
  ASSERT_EQ(levels.size(), 9U);
  DicomHeader header;
  header.rows = header.columns = 1;
  header.photometric = "MONOCHROME2";
  header.bits_allocated = 16;
  header.bits_stored = 12;
  header.high_bit = 11;
  header.windows = {{2653, 900, "NORMAL"}, {2713, 750, "HARDER"}, {2569, 1050, "SOFTER"}};
  for (const auto& [key, expected] : levels.items()) {
    SCOPED_TRACE(key);
    const Json options{{"voi", {{"window", key.back() - '0'}}},
                       {"function", key.substr(0, key.find(' '))}};
    const DicomPipeline pipeline =
        dicom_pipeline(header, dicom_options_from_json(options, "options"), "GH133");
    ASSERT_EQ(expected.size(), 410U);
    const double bound = key.starts_with("SIGMOID") ? 4 * 0x1p-52 : 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double theirs = expected[i].get<double>();
      ASSERT_LE(std::abs(pipeline.values[10 * i] - theirs), bound * theirs) << i;
    }
  }
}

TEST(Dicom, IsReadAsTheRecipeSaysOrRefusedIfItDoesNot) {
  const Json base = {{"recipe", 1},    {"channels", 1}, {"steps", Json::array()},
                     {"divide_by", 1}, {"mean", {0}},   {"std", Json({1})}};
  Json with = base;
  with["dicom"] = {{"voi", "none"}, {"range", "values"}};
  const auto path = golden_folder() / "explicit_12u.dcm";
  const Recipe recipe = Recipe::from_json(with, "recipe");
  DecoderPool pool(1, image_decoder(recipe));
  const engine::Tensor tensor = load_input(path, recipe, pool);
  EXPECT_EQ(tensor.values()[0], 0);
  EXPECT_EQ(tensor.values()[1], 4095);
  // All choices are written out, and read back to the same.
  const Json canonical = recipe.to_json();
  EXPECT_EQ(canonical["dicom"], Json({{"frame", "only"},
                                      {"modality", "apply"},
                                      {"voi", "none"},
                                      {"function", "file"},
                                      {"polarity", "file"},
                                      {"padding", "black"},
                                      {"range", "values"},
                                      {"output", 16}}));
  EXPECT_EQ(Recipe::from_json(canonical, "again").sha256(), recipe.sha256());

  const Recipe silent = Recipe::from_json(base, "recipe");
  EXPECT_FALSE(silent.to_json().contains("dicom"));
  DecoderPool refuser(1, image_decoder(silent));
  EXPECT_EQ(refusal(ErrorKind::kBadFile, [&] { load_input(path, silent, refuser); }),
            path.string() +
                ": is a DICOM file, and the recipe does not say how to show it; add to "
                "the recipe, e.g., \"dicom\": {\"voi\": \"first\", \"output\": 16}");
}

TEST(Dicom, SaysWhatItFoundAndDid) {
  const Image image =
      decoded(golden_folder() / "padding.dcm", {{"voi", {{"center", 2000}, {"width", 900}}}});
  const ImageFacts expected{{"format", "DICOM"},
                            {"transfer syntax", "Explicit VR Little Endian"},
                            {"lossless", "yes"},
                            {"photometric interpretation", "MONOCHROME1"},
                            {"bits", "12 stored in 16, high bit 11, unsigned"},
                            {"frame", "1 of 1"},
                            {"VOI", "window of the recipe: center 2000, width 900, LINEAR"},
                            {"polarity", "inverted"},
                            {"padding", "4095 to 4000, made black"}};
  EXPECT_EQ(image.facts, expected);
}

TEST(DicomOptions, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const char* json) {
    return refusal(ErrorKind::kBadFile,
                   [&] { dicom_options_from_json(parse_json(json, "r"), "r"); });
  };
  EXPECT_NE(refused(R"({"windw": 1})").find("windw"), std::string::npos);
  for (const char* json :
       {R"({"voi": "linear"})", R"({"voi": {"window": 0}})", R"({"voi": {"window": ""}})",
        R"({"voi": {"center": 3}})", R"({"voi": {"center": 3, "width": 0}})",
        R"({"voi": {"window": 1, "lut": 1}})", R"({"range": [2, 1]})", R"({"range": "all"})",
        R"({"output": 12})", R"({"frame": 0})", R"({"frame": 1.5})", R"({"polarity": "black"})",
        R"({"function": "sigmoid"})", R"({"modality": 1})", R"({"padding": 0})", "[]"}) {
    SCOPED_TRACE(json);
    refused(json);
  }
}

}  // namespace
}  // namespace apatite::image
