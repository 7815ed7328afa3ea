// Real mammograms, a DICOM file and a 16-bit PNG, through the networks of the study with seeded
// weights: the same bytes for any number of decoders, batches and threads.
#include <gtest/gtest.h>

#include "image/dicom/pixels/gdcm_codec.h"
#include "study/predict/predict.h"
#include "tests/study/small_study.h"
#include "tests/support/shared_data.h"

namespace apatite::study {
namespace {

class Mammogram : public testing::TestWithParam<const char*> {};

TEST_P(Mammogram, GivesTheSameBytesForAnyNumberOfDecoders) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  if (!image::have_gdcm()) GTEST_SKIP() << "built without GDCM";
  const models::ModelConfig model{.architecture = GetParam(), .classes = 2, .input_channels = 3};
  Json recipe = weights::default_recipe(model);
  recipe["bit_depth"] = 16;
  recipe["divide_by"] = "max";
  recipe["steps"] = Json::array(
      {Json{{"resize", {{"height", 224}, {"width", 224}, {"method", "pillow-bilinear"}}}}});
  recipe["dicom"] = {{"voi", {{"window", "NORMAL"}}}, {"output", 16}};
  const TemporaryFolder folder;
  write_small_weights(folder / "weights.safetensors", model, {"benign", "malignant"}, recipe);
  write_text(folder / "study.csv", "image,label,patient\n" +
                                       (data / "dicom/mammogram/GH133.dcm").string() + ",,1\n" +
                                       (data / "png/nyu_1_L_CC.png").string() + ",,2\n");
  std::string first;
  for (const int workers : {1, 2, 3}) {
    PredictOptions options;
    options.weights = folder / "weights.safetensors";
    options.images = folder / "study.csv";
    options.output = folder / "predictions.csv";
    options.workers = workers;
    options.batch = workers;
    const PredictSummary summary = predict(options);
    EXPECT_EQ(summary.images, 2);
    EXPECT_EQ(summary.unreadable, 0);
    const std::string text = read_text(options.output);
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << workers;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Mammogram, testing::Values("resnet101", "densenet201"));

}  // namespace
}  // namespace apatite::study
