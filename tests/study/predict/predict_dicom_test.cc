// predict on DICOM files: the same bytes for any number of decoders, and a damaged file costs
// itself.
#include <gtest/gtest.h>

#include "image/dicom/pixels/gdcm_codec.h"
#include "study/predict/predict.h"
#include "tests/study/small_study.h"
#include "tests/support/source_dir.h"

namespace apatite::study {
namespace {

TEST(PredictDicom, GivesTheSameBytesForAnyNumberOfDecoders) {
  if (!image::have_gdcm()) GTEST_SKIP() << "built without GDCM";
  Json recipe = weights::default_recipe(small_model());
  recipe["bit_depth"] = "any";
  recipe["divide_by"] = "max";
  recipe["steps"] = Json::array(
      {Json{{"resize", {{"height", 32}, {"width", 32}, {"method", "pillow-bilinear"}}}}});
  recipe["dicom"] = {{"voi", "none"}, {"frame", 1}};
  const SmallStudy study(3, recipe);
  const auto goldens = source_dir() / "tests" / "goldens" / "dicom";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(goldens)) {
    if (entry.path().extension() != ".dcm") continue;
    // One codec in three, to be quick; and one without its end.
    if (files++ % 3 == 0) {
      std::filesystem::copy_file(entry.path(), study.images() / entry.path().filename());
    }
  }
  ASSERT_GE(files, 60U);
  const std::string whole = read_text(goldens / "jpeg70_12u.dcm");
  write_text(study.images() / "cut", whole.substr(0, whole.size() - 20));

  std::string first;
  for (const int workers : {1, 2, 5}) {
    PredictOptions options;
    options.weights = study.weights();
    options.images = study.images();
    options.output = study / "predictions.csv";
    options.threads = 1;
    options.workers = workers;
    const PredictSummary summary = predict(options);
    EXPECT_EQ(summary.unreadable, 1);
    EXPECT_GE(summary.images, 23);
    EXPECT_NE(read_text(study / "errors.csv").find("cut,\"ends within"), std::string::npos)
        << read_text(study / "errors.csv");
    const std::string text = read_text(options.output);
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << workers;
  }
}

}  // namespace
}  // namespace apatite::study
