#include "study/faithfulness/faithfulness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"
#include "image/codec/decode.h"
#include "study/faithfulness/faithfulness_report.h"
#include "study/faithfulness/region_of.h"
#include "tests/study/small_study.h"
#include "tests/support/csv_rows.h"
#include "tests/support/mutations.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

FaithfulnessOptions options_of(const SmallStudy& study) {
  FaithfulnessOptions options;
  options.weights = study.weights();
  options.images = study.images();
  options.output = study / "trust";
  options.maps.methods = {gradcam::Method::kGradCam, gradcam::Method::kGradient};
  options.steps = 4;
  options.random_images = 1;
  options.random_stages = 3;
  options.threads = 1;
  return options;
}

std::string figures(const SmallStudy& study) {
  std::string text;
  for (const char* name : {"faithfulness.csv", "faithfulness.json", "curves.csv", "deletion.svg",
                           "insertion.svg", "randomisation.svg"}) {
    text += read_text(study / "trust" / name);
  }
  return text;
}

TEST(Faithfulness, MeasuresEveryMapBesideARandomOne) {
  const SmallStudy study(3);
  write_text(study / "m.csv",
             "image,label,patient,boxes\n"
             "images/benign/000.png,benign,p,0 0 32 32\n"
             "images/malignant/001.png,malignant,p,\n"
             "images/benign/002.png,benign,q,0 0 1 1;31 31 1 1\n");
  FaithfulnessOptions options = options_of(study);
  options.images = study / "m.csv";
  const FaithfulnessSummary summary = faithfulness(options);
  EXPECT_EQ(summary.images, 3);
  const Json json = parse_json(read_text(study / "trust/faithfulness.json"), "json");
  ASSERT_EQ(json["maps"].size(), 4U);
  const std::vector<std::string> names{"gradcam at layer3.0.relu", "gradient", "random",
                                       "random-pixels"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Json& map = json["maps"][i];
    EXPECT_EQ(map["map"], names[i]);
    EXPECT_EQ(map["deletion"].contains("verdict"), i < 2);
    EXPECT_EQ(map["pointing"]["images"], 2);
    // All of the first image is its region; a random map lies in it.
    if (i >= 2) {
      EXPECT_GE(map["pointing"]["energy_inside"].get<double>(), 0.5);
    }
  }
  EXPECT_EQ(json["agreement"].size(), 1U);
  EXPECT_EQ(json["randomisation"].size(), 2U);
  EXPECT_EQ(json["randomisation"][0]["stages"].size(), 3U);
  EXPECT_EQ(json["randomisation"][0]["stages"][0]["down_to"], "linear");
  EXPECT_EQ(json["run"]["baseline"], "blur");

  const std::string csv = read_text(study / "trust/faithfulness.csv");
  CsvReader rows(csv, "csv");
  std::size_t count = 0;
  while (rows.next()) ++count;
  EXPECT_EQ(count, 1 + 3 * 4U);
  EXPECT_NE(summary.table.find("gradcam at layer3.0.relu"), std::string::npos);
}

TEST(Faithfulness, GivesTheSameBytesForAnyBatchThreadsAndAfterAKill) {
  const SmallStudy study(3);
  FaithfulnessOptions options = options_of(study);
  std::string journal;
  faithfulness(options, [&](const RunProgress& state) {
    if (state.done == 2) journal = read_text(study / "trust/faithfulness.partial");
  });
  const std::string expected = figures(study);
  options.batch = 3;
  options.threads = 2;
  options.workers = 2;
  faithfulness(options);
  EXPECT_EQ(figures(study), expected);
  write_text(study / "trust/faithfulness.partial", journal);
  EXPECT_EQ(faithfulness(options).resumed, 2);
  EXPECT_EQ(figures(study), expected);
}

TEST(Faithfulness, LosesNoImageToOneThatIsTooSmallForTheNetwork) {
  const SmallStudy study(3, keep_size_recipe());
  const models::ModelConfig model{.architecture = "densenet",
                                  .classes = 2,
                                  .input_channels = 3,
                                  .options = {{"growth", 4}, {"blocks", {1, 1, 1, 1}}}};
  write_small_weights(study.weights(), model, {"benign", "malignant"}, keep_size_recipe());
  write_noise_png(study.image(0), 5, 5, 1);
  FaithfulnessOptions options = options_of(study);
  options.maps.methods = {gradcam::Method::kGradCam};
  const FaithfulnessSummary summary = faithfulness(options);
  EXPECT_EQ(summary.images, 2);
  EXPECT_EQ(summary.unreadable, 1);
  const Rows errors = rows_of(read_text(summary.errors));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[1][0], "benign/000.png");
  expect_contains(errors[1][1], "5x5");
  // The randomisation check takes the first image that can be measured.
  const Json json = parse_json(read_text(study / "trust/faithfulness.json"), "json");
  EXPECT_EQ(json["randomisation"].size(), 1U);
}

TEST(Faithfulness, DrawsImagesOfOnePatientTogether) {
  const std::vector<double> values{0, 0, 0, 1, 1, 1};
  const MeanEstimate alone = bootstrap_mean(values, {"", "", "", "", "", ""}, 1);
  const MeanEstimate together = bootstrap_mean(values, {"a", "a", "a", "b", "b", "b"}, 1);
  EXPECT_EQ(alone.mean, 0.5);
  EXPECT_EQ(together.mean, 0.5);
  EXPECT_EQ(together.interval.low, 0);  // both draws are patient a in a quarter of the samples
  EXPECT_EQ(together.interval.high, 1);
  EXPECT_GT(alone.interval.low, 0);
  EXPECT_LT(alone.interval.high, 1);
  EXPECT_EQ(verdict({-1, 1}, true), "no better than random");
  EXPECT_EQ(verdict({-2, -0.5}, true), "better than random");
  EXPECT_EQ(verdict({-2, -0.5}, false), "worse than random");
}

TEST(RegionOf, ReadsBoxesOrRefusesThem) {
  const auto box = [](const std::string& boxes) {
    const ManifestEntry entry{.image = "a.png", .boxes = boxes};
    return region_of({}, entry, {10, 20},
                     [](const fs::path& path) { return image::decode_image(path); });
  };
  EXPECT_FALSE(box("").has_value());
  const auto region = box(" 1 2 3 4 ; 9 19 1 1");
  EXPECT_TRUE(region->contains(1, 2));
  EXPECT_TRUE(region->contains(3, 5));
  EXPECT_FALSE(region->contains(4, 5));
  EXPECT_FALSE(region->contains(3, 6));
  EXPECT_TRUE(region->contains(9, 19));
  EXPECT_TRUE(region->near(5, 5, 2));
  EXPECT_FALSE(region->near(6, 5, 2));
  for (const char* wrong :
       {"1", "1 2 3", "1 2 3 4 5", "1 2 0 4", "-1 2 3 4", "1 2 3 x", "1,2,3,4", "8 2 3 4",
        "1 17 3 4", "1 2 3 4;;1 2 3 4", "99999999999999999999 1 1 1"}) {
    EXPECT_THROW(box(wrong), Error) << wrong;
  }
  const Reader read = [&](const std::string& text) {
    const auto found = box(text);
    return std::string(found && found->contains(1, 2) ? "1" : "0");
  };
  for_each_mutation("1 2 3 4;5 6 1 1", read, [](const std::string&, std::size_t, bool) {});
}

}  // namespace
}  // namespace apatite::study
