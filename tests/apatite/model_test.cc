// The interface for other projects gives the results of the program's commands.
#include "apatite/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "image/codec/npy.h"
#include "study/explain/explain.h"
#include "study/predict/predict.h"
#include "tests/study/small_study.h"
#include "tests/support/csv_rows.h"

namespace apatite {
namespace {

namespace fs = std::filesystem;
using study::SmallStudy;

ModelOptions one_thread() {
  ModelOptions options;
  options.threads = 1;
  return options;
}

// The kind of the error that `call` throws, with its message; "accepted" if it throws none.
template <class Call>
std::string refusal(ErrorKind kind, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

Rows predictions_of(const SmallStudy& study) {
  study::PredictOptions options;
  options.weights = study.weights();
  options.images = study.images();
  options.output = study / "predictions.csv";
  options.threads = 1;
  study::predict(options);
  return rows_of(read_text(options.output));
}

TEST(Model, PredictsWhatTheCommandWrites) {
  const SmallStudy study(3);
  const Rows rows = predictions_of(study);
  ASSERT_EQ(rows.size(), 4U);
  Model model(study.weights(), one_thread());
  EXPECT_EQ(model.classes(), (std::vector<std::string>{"benign", "malignant"}));
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Prediction prediction = model.predict(study.images() / rows[i][0]);
    ASSERT_EQ(prediction.logits.size(), 2U);
    ASSERT_EQ(prediction.probabilities.size(), 2U);
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_EQ(to_text(prediction.logits[c]), rows[i][3 + c]);
      EXPECT_EQ(to_text(prediction.probabilities[c]), rows[i][5 + c]);
    }
    const bool malignant = prediction.logits[1] > prediction.logits[0];
    EXPECT_EQ(prediction.predicted, malignant ? "malignant" : "benign");
  }
}

// The bytes of the values in the .npy file that `apatite explain` writes of the first image.
std::string written_values(const study::ExplainOptions& options, std::int64_t& height,
                           std::int64_t& width) {
  study::explain(options);
  const Rows rows = rows_of(read_text(options.output / "explanations.csv"));
  const auto& head = rows.at(0);
  const auto column = std::find(head.begin(), head.end(), "map") - head.begin();
  const std::string file =
      read_text(options.output / rows.at(1).at(static_cast<std::size_t>(column)));
  const image::NpyHeader header = image::read_npy_header(std::as_bytes(std::span(file)), "map");
  height = header.dims.at(0);
  width = header.dims.at(1);
  return file.substr(file.size() - static_cast<std::size_t>(height * width) * sizeof(float));
}

TEST(Model, ExplainsWithTheBytesThatTheCommandWrites) {
  const SmallStudy study(1);
  Model model(study.weights(), one_thread());
  int number = 0;
  for (const auto& [size, internal_size] : {std::pair(MapSize::kLayer, study::MapSize::kLayer),
                                            std::pair(MapSize::kInput, study::MapSize::kInput),
                                            std::pair(MapSize::kSource, study::MapSize::kSource)}) {
    for (const std::string method : {"gradcam", "layercam", "gradient"}) {
      for (const bool keep_sign : {false, true}) {
        study::ExplainOptions options;
        options.weights = {study.weights()};
        options.images = study.image(0);
        options.output = study / ("out" + std::to_string(number++));
        options.maps.methods = {gradcam::find_method(method)};
        options.size = internal_size;
        options.keep_sign = options.settings.keep_sign = keep_sign;
        options.target = "malignant";
        options.threads = 1;
        std::int64_t height = 0;
        std::int64_t width = 0;
        const std::string expected = written_values(options, height, width);

        ExplainOptions mine;
        mine.method = method;
        mine.size = size;
        mine.keep_sign = keep_sign;
        mine.target = "malignant";
        const Explanation map = model.explain(study.image(0), mine);
        EXPECT_EQ(map.target, "malignant");
        EXPECT_EQ(map.height, height);
        EXPECT_EQ(map.width, width);
        ASSERT_EQ(map.values.size() * sizeof(float), expected.size());
        EXPECT_EQ(std::memcmp(map.values.data(), expected.data(), expected.size()), 0)
            << method << (keep_sign ? ", signed" : "");
      }
    }
  }
}

TEST(Model, ExplainsTheScoreOfThePredictedClass) {
  const SmallStudy study(1);
  Model model(study.weights(), one_thread());
  const Prediction prediction = model.predict(study.image(0));
  const Explanation map = model.explain(study.image(0));
  const std::size_t c = prediction.predicted == "malignant" ? 1 : 0;
  EXPECT_EQ(map.target, prediction.predicted);
  EXPECT_EQ(map.score, static_cast<double>(prediction.logits[c]));
  EXPECT_EQ(map.probability, prediction.probabilities[c]);
  EXPECT_FALSE(map.layer.empty());
  const bool any = std::any_of(map.values.begin(), map.values.end(), [](float v) { return v > 0; });
  EXPECT_EQ(map.has_evidence, any);
}

TEST(Model, ASingleLogitIsThatOfThePositiveClass) {
  const SmallStudy study(1);
  const fs::path weights = study / "one.safetensors";
  study::write_small_weights(weights, study::small_model(1), {"malignant"},
                             weights::default_recipe(study::small_model(1)));
  Model model(weights, one_thread());
  const Prediction prediction = model.predict(study.image(0));
  ASSERT_EQ(prediction.logits.size(), 1U);
  ASSERT_EQ(prediction.probabilities.size(), 1U);
  EXPECT_EQ(prediction.probabilities[0] > 0.5, prediction.logits[0] > 0);
  EXPECT_EQ(prediction.predicted, prediction.logits[0] > 0 ? "malignant" : "not malignant");
}

TEST(Model, TakesImagesOfSeveralSizesAndATensor) {
  const SmallStudy study(2, study::keep_size_recipe());
  study::write_noise_png(study.image(1), 48, 40, 7);
  Model model(study.weights(), one_thread());
  const Prediction small = model.predict(study.image(0));
  ExplainOptions source;
  source.size = MapSize::kSource;
  const Explanation map = model.explain(study.image(1), source);
  EXPECT_EQ(map.height, 48);
  EXPECT_EQ(map.width, 40);

  engine::Tensor tensor({3, 32, 32});
  write_file(study / "zeros.npy", image::encode_npy(tensor));
  const Prediction zeros = model.predict(study / "zeros.npy");
  EXPECT_NE(zeros.logits, small.logits);
  EXPECT_EQ(model.explain(study / "zeros.npy", source).width, 32);
  EXPECT_EQ(model.predict(study.image(0)).logits, small.logits);
}

TEST(Model, SeveralThreadsMayShareIt) {
  const SmallStudy study(4);
  Model model(study.weights(), one_thread());
  std::vector<Prediction> expected;
  for (int i = 0; i < 4; ++i) expected.push_back(model.predict(study.image(i)));
  std::vector<Prediction> found(4);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        static_cast<void>(model.explain(study.image(i)));
        found[static_cast<std::size_t>(i)] = model.predict(study.image(i));
      });
    }
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(found[i].logits, expected[i].logits);
  EXPECT_NE(expected[0].logits, expected[1].logits);
}

TEST(Model, CanBeMoved) {
  const SmallStudy study(1);
  Model first(study.weights(), one_thread());
  const std::vector<float> logits = first.predict(study.image(0)).logits;
  Model second(std::move(first));
  EXPECT_EQ(second.predict(study.image(0)).logits, logits);
}

TEST(Model, RefusesWhatItCannotUse) {
  const SmallStudy study(1);
  EXPECT_NE(refusal(ErrorKind::kIo, [&] { Model("missing.safetensors"); }), "accepted");
  EXPECT_NE(refusal(ErrorKind::kBadFile, [&] { Model(study.image(0)); }), "accepted");
  ModelOptions options = one_thread();
  options.backend = "abacus";
  EXPECT_NE(refusal(ErrorKind::kUnavailable, [&] { Model(study.weights(), options); }), "accepted");
  options = one_thread();
  options.instruction_set = "none";
  EXPECT_NE(refusal(ErrorKind::kUnavailable, [&] { Model(study.weights(), options); }), "accepted");

  Model model(study.weights(), one_thread());
  EXPECT_NE(refusal(ErrorKind::kIo, [&] { (void)model.predict("missing.png"); }), "accepted");
  write_text(study / "damaged.png", "no picture");
  const std::string damaged =
      refusal(ErrorKind::kBadFile, [&] { (void)model.predict(study / "damaged.png"); });
  EXPECT_NE(damaged.find("damaged.png"), std::string::npos) << damaged;
  const auto explain = [&](const ExplainOptions& given) {
    return refusal(ErrorKind::kUsage, [&] { (void)model.explain(study.image(0), given); });
  };
  ExplainOptions wrong;
  wrong.method = "guess";
  EXPECT_NE(explain(wrong).find("guess"), std::string::npos);
  wrong = {};
  wrong.layer = "nowhere";
  EXPECT_NE(explain(wrong).find("nowhere"), std::string::npos);
  wrong = {};
  wrong.target = "purple";
  EXPECT_NE(explain(wrong).find("purple"), std::string::npos);
}

TEST(Model, NamesAnImageThatIsTooSmallForAMap) {
  const SmallStudy study(1, study::keep_size_recipe());
  Model model(study.weights(), one_thread());
  write_file(study / "thin.npy", image::encode_npy(engine::Tensor({3, 1, 1})));
  EXPECT_EQ(model.predict(study / "thin.npy").logits.size(), 2U);
  const std::string message =
      refusal(ErrorKind::kBadFile, [&] { (void)model.explain(study / "thin.npy"); });
  EXPECT_NE(message.find("thin.npy"), std::string::npos) << message;
}

}  // namespace
}  // namespace apatite
