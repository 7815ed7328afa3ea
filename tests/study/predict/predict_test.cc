#include "study/predict/predict.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/backends.h"
#include "image/input.h"
#include "layers/softmax.h"
#include "tests/study/small_study.h"
#include "tests/support/csv_rows.h"

namespace apatite::study {
namespace {

PredictOptions options_of(const SmallStudy& study) {
  PredictOptions options;
  options.weights = study.weights();
  options.images = study.images();
  options.output = study / "predictions.csv";
  options.threads = 1;
  return options;
}

std::string refusal(const PredictOptions& options, ErrorKind kind) {
  try {
    predict(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(Predict, WritesTheLogitsOfEveryImage) {
  const SmallStudy study(5);
  const PredictOptions options = options_of(study);
  const PredictSummary summary = predict(options);
  EXPECT_EQ(summary.images, 5);
  EXPECT_EQ(summary.labelled, 5);
  EXPECT_EQ(summary.unreadable + summary.resumed + summary.foreign, 0);

  const Rows rows = rows_of(read_text(options.output));
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"image", "label", "patient", "logit:benign",
                                               "logit:malignant", "p:benign", "p:malignant"}));
  // The same through the engine alone, image by image.
  const weights::WeightsFile weights(options.weights);
  const image::Recipe recipe = image::Recipe::from_json(weights.metadata().recipe, "recipe");
  const auto network =
      engine::find_backend("reference").compile(weights.graph(32, 32), weights, {});
  std::int64_t right = 0;
  const std::vector<int> order{0, 2, 4, 1, 3};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& row = rows[i + 1];
    const auto path = study.image(order[i]);
    EXPECT_EQ(study.images() / row[0], path);
    EXPECT_EQ(row[1], path.parent_path().filename());
    EXPECT_EQ(row[2], "");
    const engine::Tensor logits = network->run(image::load_input(path, recipe))[0];
    const auto p = layers::softmax(logits.values());
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_EQ(row[3 + c], to_text(logits.values()[c]));
      EXPECT_EQ(row[5 + c], to_text(p[c]));
    }
    const bool malignant = logits.values()[1] > logits.values()[0];
    right += malignant == (row[1] == "malignant") ? 1 : 0;
  }
  EXPECT_EQ(summary.right, right);
  EXPECT_NE(rows[1][3], rows[2][3]) << "two images, one logit";
  EXPECT_FALSE(std::filesystem::exists(study / "predictions.csv.partial"));
  EXPECT_FALSE(std::filesystem::exists(study / "errors.csv"));
}

TEST(Predict, GivesTheRecipeWhatTheManifestSaysOfAnImage) {
  Json recipe = weights::default_recipe(small_model());
  recipe["steps"] = parse_json(R"([{"crop_box": {}}, {"flip": {"if": "right"}}])", "steps");
  const SmallStudy study(2, recipe);
  PredictOptions options = options_of(study);
  options.images = study / "list.csv";
  write_text(options.images,
             "image,label,patient,laterality,crop_top,crop_left,crop_height,crop_width\n"
             "images/benign/000.png,,,R,1,2,24,28\nimages/malignant/001.png,,,L,0,0,32,32\n");
  predict(options);
  const Rows rows = rows_of(read_text(options.output));
  ASSERT_EQ(rows.size(), 3U);
  const weights::WeightsFile weights(options.weights);
  const image::ImageContext context{image::Box{1, 2, {24, 28}}, image::Laterality::kRight};
  const engine::Tensor input =
      image::load_input(study.image(0), image::Recipe::from_json(recipe, "recipe"), context);
  const auto network =
      engine::find_backend("reference").compile(weights.graph(24, 28), weights, {});
  EXPECT_EQ(rows[1][3], to_text(network->run(input)[0].values()[0]));
}

TEST(Predict, GivesTheSameBytesForEveryBatchThreadsWorkersBackendAndIsa) {
  const SmallStudy study(23);
  PredictOptions options = options_of(study);
  predict(options);
  const std::string expected = read_text(options.output);
  std::size_t runs = 0;
  for (const char* name : {"exact", "reference"}) {
    for (const engine::Isa& isa : engine::find_backend(name).isas()) {
      if (!isa.present) continue;
      for (const auto& [batch, threads, workers] :
           {std::tuple{1, 1, 1}, {7, 2, 3}, {64, 1, 2}, {8, 3, 1}}) {
        options.backend = name;
        options.isa = isa.name;
        options.batch = batch;
        options.threads = threads;
        options.workers = workers;
        predict(options);
        ASSERT_EQ(read_text(options.output), expected)
            << name << " " << isa.name << " batch " << batch << " threads " << threads;
        ++runs;
      }
    }
  }
  EXPECT_GE(runs, 8U);
}

TEST(Predict, TakesAManifest) {
  const SmallStudy study(3);
  write_text(study / "m.csv",
             "patient,image,label\n"
             "\"P,1\",images/malignant/001.png,malignant\n"
             ",images/benign/000.png,\n"
             "P2,images/benign/002.png,cyst\n");
  PredictOptions options = options_of(study);
  options.images = study / "m.csv";
  const PredictSummary summary = predict(options);
  EXPECT_EQ(summary.images, 3);
  EXPECT_EQ(summary.labelled, 1);
  EXPECT_EQ(summary.foreign, 1);
  const Rows rows = rows_of(read_text(options.output));
  EXPECT_EQ(rows[1][0], "images/malignant/001.png");
  EXPECT_EQ(rows[1][2], "P,1");
  EXPECT_EQ(rows[2][1], "");
  EXPECT_EQ(rows[3][1], "cyst");
}

TEST(Predict, ListsImagesThatCannotBeReadAndDoesTheOthers) {
  const SmallStudy study(6);
  PredictOptions options = options_of(study);
  predict(options);
  const Rows whole = rows_of(read_text(options.output));

  write_text(study.image(2), "not a picture");
  const std::string png = read_text(study.image(3));
  write_text(study.image(3), png.substr(0, png.size() / 2));
  std::filesystem::remove(study.image(5));
  std::filesystem::create_symlink("nowhere", study.image(5));
  std::string expected_errors;
  for (const int batch : {1, 2, 8}) {
    options.batch = batch;
    const PredictSummary summary = predict(options);
    EXPECT_EQ(summary.images, 3);
    EXPECT_EQ(summary.unreadable, 3);
    EXPECT_EQ(summary.errors, study / "errors.csv");
    // The order is 0, 2, 4, 1, 3, 5.
    EXPECT_EQ(rows_of(read_text(options.output)), (Rows{whole[0], whole[1], whole[3], whole[4]}));
    const std::string errors = read_text(study / "errors.csv");
    const Rows rows = rows_of(errors);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0], (std::vector<std::string>{"image", "reason"}));
    EXPECT_EQ(rows[1][0], "benign/002.png");
    EXPECT_EQ(rows[2][0], "malignant/003.png");
    EXPECT_EQ(rows[3][0], "malignant/005.png");
    expect_contains(rows[3][1], "No such file or directory");
    for (std::size_t i = 1; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i][1].find(study.images().string()), std::string::npos) << rows[i][1];
    }
    if (expected_errors.empty()) expected_errors = errors;
    EXPECT_EQ(errors, expected_errors);
  }

  // All readable again: the list of the earlier run goes.
  write_noise_png(study.image(2), 32, 32, 2);
  write_noise_png(study.image(3), 32, 32, 3);
  std::filesystem::remove(study.image(5));
  write_noise_png(study.image(5), 32, 32, 5);
  predict(options);
  EXPECT_EQ(rows_of(read_text(options.output)), whole);
  EXPECT_FALSE(std::filesystem::exists(study / "errors.csv"));
}

TEST(Predict, LeavesAFileThatIsNotItsOwnErrorList) {
  const SmallStudy study(1);
  write_text(study / "errors.csv", "my,own\n");
  predict(options_of(study));
  EXPECT_EQ(read_text(study / "errors.csv"), "my,own\n");
}

TEST(Predict, StopsAtTheFirstUnreadableImageIfStrict) {
  const SmallStudy study(6);
  PredictOptions options = options_of(study);
  predict(options);
  const std::string expected = read_text(options.output);
  std::filesystem::remove(options.output);
  write_text(study.image(4), "");
  options.strict = true;
  expect_contains(refusal(options, ErrorKind::kBadFile), study.image(4).string() + ": ");
  EXPECT_FALSE(std::filesystem::exists(options.output));
  EXPECT_FALSE(std::filesystem::exists(study / "errors.csv"));
  // Repaired, the run continues after the two images that were done.
  write_noise_png(study.image(4), 32, 32, 4);
  EXPECT_EQ(predict(options).resumed, 2);
  EXPECT_EQ(read_text(options.output), expected);
}

TEST(Predict, GroupsImagesBySizeIfTheRecipeKeepsIt) {
  const SmallStudy study(8, keep_size_recipe());
  write_noise_png(study.image(2), 40, 24, 2);
  write_noise_png(study.image(4), 40, 24, 4);
  write_noise_png(study.image(3), 17, 33, 3);
  PredictOptions options = options_of(study);
  options.batch = 1;
  predict(options);
  const std::string expected = read_text(options.output);
  EXPECT_EQ(rows_of(expected).size(), 9U);
  for (const int batch : {2, 5, 64}) {
    options.batch = batch;
    predict(options);
    EXPECT_EQ(read_text(options.output), expected) << batch;
  }
}

TEST(Predict, ListsImagesThatAreTooSmallForTheNetwork) {
  const SmallStudy study(4, keep_size_recipe());
  const models::ModelConfig model{.architecture = "densenet",
                                  .classes = 2,
                                  .input_channels = 3,
                                  .options = {{"growth", 4}, {"blocks", {1, 1, 1, 1}}}};
  write_small_weights(study.weights(), model, {"benign", "malignant"}, keep_size_recipe());
  write_noise_png(study.image(1), 5, 5, 1);
  PredictOptions options = options_of(study);
  const PredictSummary summary = predict(options);
  EXPECT_EQ(summary.images, 3);
  const Rows errors = rows_of(read_text(study / "errors.csv"));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[1][0], "malignant/001.png");
  expect_contains(errors[1][1], "5x5");
}

TEST(Predict, SaysWhichImageAndNodeAreNotFinite) {
  const SmallStudy study(5);
  weights::WeightsMetadata metadata = weights::WeightsFile(study.weights()).metadata();
  weights::NamedTensors tensors =
      weights::seeded_tensors(models::build_model(metadata.model, 32, 32), 11);
  for (float& value : tensors.at("linear.weight").values()) value = 3e38F;
  weights::write_weights(study.weights(), metadata, tensors);
  PredictOptions options = options_of(study);
  std::string first;
  for (const int batch : {1, 2, 8}) {
    options.batch = batch;
    const std::string message = refusal(options, ErrorKind::kNumeric);
    expect_contains(message, study.image(0).string() + ": linear: a non-finite value");
    EXPECT_FALSE(std::filesystem::exists(options.output));
    if (first.empty()) first = message;
    EXPECT_EQ(message, first);
  }
}

TEST(Predict, ContinuesFromAnyCutOfTheJournal) {
  const SmallStudy study(4);
  write_text(study.image(2), "not a picture");
  PredictOptions options = options_of(study);
  options.batch = 1;
  // The journal as it is before the last image.
  std::string journal;
  predict(options, [&](const RunProgress& state) {
    if (state.done == state.total) journal = read_text(study / "predictions.csv.partial");
  });
  const std::string expected = read_text(options.output);
  const std::string errors = read_text(study / "errors.csv");
  ASSERT_GT(journal.size(), 200U);
  std::int64_t resumed = 0;
  for (std::size_t length = 0; length <= journal.size(); ++length) {
    write_text(study / "predictions.csv.partial", journal.substr(0, length));
    std::filesystem::remove(options.output);
    std::filesystem::remove(study / "errors.csv");
    const PredictSummary summary = predict(options);
    ASSERT_GE(summary.resumed, resumed) << length;
    resumed = summary.resumed;
    ASSERT_EQ(read_text(options.output), expected) << length;
    ASSERT_EQ(read_text(study / "errors.csv"), errors) << length;
  }
  EXPECT_EQ(resumed, 4);
}

TEST(Predict, DoesNotContinueARunWithOtherInputs) {
  const SmallStudy study(3);
  PredictOptions options = options_of(study);
  std::string journal;
  predict(options,
          [&](const RunProgress&) { journal = read_text(study / "predictions.csv.partial"); });
  const auto partial = study / "predictions.csv.partial";
  const auto expect_other = [&](const std::string& what) {
    write_text(partial, journal);
    expect_contains(refusal(options, ErrorKind::kUsage), "belongs to a run with other " + what);
    EXPECT_EQ(read_text(partial), journal);
  };
  const SmallStudy more(4);
  options.images = more.images();
  expect_other("images");
  options.images = study.images();
  write_text(study / "recipe.json", to_text(keep_size_recipe()));
  options.recipe = study / "recipe.json";
  expect_other("recipe");
  options.recipe.clear();
  options.backend = "reference64";
  expect_other("backend");
  options.backend.clear();
  write_small_weights(study.weights(), small_model(), {"a", "b"},
                      weights::default_recipe(small_model()));
  expect_other("weights");
}

TEST(Predict, RefusesWhatCannotBeDoneAndLeavesNothingBehind) {
  const SmallStudy study(2);
  const auto expect_refusal = [&](const std::function<void(PredictOptions&)>& spoil, ErrorKind kind,
                                  const std::string& part) {
    PredictOptions options = options_of(study);
    spoil(options);
    expect_contains(refusal(options, kind), part);
    EXPECT_FALSE(std::filesystem::exists(study / "predictions.csv"));
    EXPECT_FALSE(std::filesystem::exists(study / "predictions.csv.partial")) << part;
  };
  expect_refusal([](auto& o) { o.batch = 0; }, ErrorKind::kUsage, "batch: 0 is not possible");
  expect_refusal([](auto& o) { o.workers = -1; }, ErrorKind::kUsage, "workers: -1");
  expect_refusal([](auto& o) { o.threads = -1; }, ErrorKind::kUsage, "threads: -1");
  expect_refusal([](auto& o) { o.backend = "none"; }, ErrorKind::kUnavailable, "none: ");
  expect_refusal([](auto& o) { o.isa = "none"; }, ErrorKind::kUnavailable, "none: ");
  expect_refusal([&](auto& o) { o.weights = study / "no"; }, ErrorKind::kIo, "/no: cannot open");
  expect_refusal([&](auto& o) { o.images = study / "no"; }, ErrorKind::kIo, "/no: cannot open");
  expect_refusal([&](auto& o) { o.recipe = study / "no"; }, ErrorKind::kIo, "/no: cannot open");
  expect_refusal([&](auto& o) { o.output = study / "no/p.csv"; }, ErrorKind::kIo, "cannot open");
  expect_refusal([&](auto& o) { o.output = study.weights(); }, ErrorKind::kUsage,
                 "is an input of this run");
  expect_refusal([&](auto& o) { o.output = study / "errors.csv"; }, ErrorKind::kUsage,
                 "cannot be the name");
  Json grey = weights::default_recipe(small_model());
  grey["channels"] = 1;
  grey["mean"] = Json::array({0.5});
  grey["std"] = Json::array({0.5});
  write_text(study / "grey.json", to_text(grey));
  expect_refusal([&](auto& o) { o.recipe = study / "grey.json"; }, ErrorKind::kUsage,
                 "the network takes 3");
  write_small_weights(study.weights(), small_model(), {"a", "b"}, Json());
  expect_refusal([](auto&) {}, ErrorKind::kUsage, "holds no recipe");
}

TEST(Predict, ServesAOneLogitHead) {
  const SmallStudy study(2);
  write_small_weights(study.weights(), small_model(1), {"benign", "malignant"},
                      weights::default_recipe(small_model(1)));
  const PredictOptions options = options_of(study);
  EXPECT_EQ(predict(options).labelled, 2);
  const Rows rows = rows_of(read_text(options.output));
  EXPECT_EQ(rows[0], (std::vector<std::string>{"image", "label", "patient", "logit:malignant",
                                               "p:benign", "p:malignant"}));
  ASSERT_EQ(rows[1].size(), 6U);
  double sum = 0;
  for (const std::size_t at : {4U, 5U}) {
    double p = 0;
    std::from_chars(rows[1][at].data(), rows[1][at].data() + rows[1][at].size(), p);
    sum += p;
  }
  EXPECT_LE(std::abs(sum - 1), 0x1p-52);
}

}  // namespace
}  // namespace apatite::study
