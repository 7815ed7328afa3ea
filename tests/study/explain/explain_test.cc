#include "study/explain/explain.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/csv.h"
#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/backends.h"
#include "gradcam/map/explainer.h"
#include "image/codec/decode.h"
#include "image/codec/npy.h"
#include "image/input.h"
#include "study/explain/class_target.h"
#include "study/explain/contact_sheet.h"
#include "study/explain/explanation_files.h"
#include "tests/study/small_study.h"
#include "tests/support/csv_rows.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

ExplainOptions options_of(const SmallStudy& study) {
  ExplainOptions options;
  options.weights = {study.weights()};
  options.images = study.images();
  options.output = study / "out";
  options.threads = 1;
  return options;
}

std::string refusal(const ExplainOptions& options, ErrorKind kind) {
  try {
    explain(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

// Every file below a folder: its name and hash.
std::string hashes(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    lines.push_back(fs::relative(entry.path(), folder).string() + " " + sha256_file(entry.path()));
  }
  std::sort(lines.begin(), lines.end());
  return join(lines, "\n");
}

TEST(Explain, WritesMapsPicturesAndWhatTheyAre) {
  const SmallStudy study(3);
  ExplainOptions options = options_of(study);
  options.panel = true;
  const ExplainSummary summary = explain(options);
  EXPECT_EQ(summary.images, 3);
  EXPECT_EQ(summary.maps, 3);
  EXPECT_EQ(summary.unreadable + summary.resumed, 0);

  const Rows rows = rows_of(read_text(study / "out/explanations.csv"));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0], explanation_columns());
  EXPECT_EQ(rows[1][0], "benign/000.png");
  EXPECT_EQ(rows[1][5], "layer3.0.relu");
  EXPECT_EQ(rows[1][13], "maps/1-000.gradcam.layer3.0.relu.npy");

  // The same through the library alone.
  const weights::WeightsFile weights(study.weights());
  const image::Recipe recipe = image::Recipe::from_json(weights.metadata().recipe, "recipe");
  const engine::Graph graph = weights.graph(32, 32);
  gradcam::Explainer explainer(graph, weights, engine::find_backend("reference"), {},
                               {{gradcam::Method::kGradCam, graph.find("layer3.0.relu")}});
  const gradcam::Explanation expected =
      explainer.explain(image::load_input(study.image(0), recipe))[0];
  EXPECT_EQ(rows[1][7], to_text(expected.score));
  EXPECT_EQ(rows[1][6], weights.metadata().class_names[std::size_t(expected.target)]);
  const fs::path base = study / "out/maps/1-000.gradcam.layer3.0.relu";
  EXPECT_EQ(read_text(base.string() + ".npy"),
            image::encode_npy(gradcam::to_tensor(gradcam::positive_part(expected.maps[0]))));

  const Json json = parse_json(read_text(base.string() + ".json"), "json");
  EXPECT_EQ(json["method"], "gradcam");
  EXPECT_EQ(json["layer"],
            Json({{"name", "layer3.0.relu"}, {"channels", 16}, {"height", 8}, {"width", 8}}));
  EXPECT_EQ(json["target"]["index"], expected.target);
  EXPECT_EQ(json["target"]["predicted"], true);
  EXPECT_EQ(json["score"], expected.score);
  EXPECT_EQ(json["logits"].get<std::vector<double>>(), expected.logits);
  EXPECT_EQ(json["map"]["height"], 8);
  EXPECT_EQ(json["map"]["most"], gradcam::summarize(expected.maps[0]).most);
  EXPECT_EQ(json["map"]["sha256"], sha256_file(base.string() + ".npy"));
  EXPECT_EQ(json["geometry"]["map_to_source"]["scale_y"], 4.0);
  EXPECT_EQ(json["geometry"]["source"], Json({{"height", 32}, {"width", 32}}));
  EXPECT_EQ(json["weights_sha256"], weights.sha256());
  EXPECT_EQ(json["arithmetic"], 1);

  EXPECT_GT(image::decode_image(base.string() + ".png").width, 32);
  EXPECT_GT(image::decode_image(study / "out/maps/1-000.panel.png").width, 3 * 192);
  const std::string sheet = read_text(study / "out/index.html");
  expect_contains(sheet, "benign/000.png");
  expect_contains(sheet, "data:image/png;base64,iVBOR");
  expect_contains(sheet, "maps/1-000.panel.png");
  EXPECT_EQ(sheet.find("http://"), std::string::npos) << "self-contained";
  EXPECT_FALSE(fs::exists(study / "out/explain.partial"));
  EXPECT_FALSE(fs::exists(study / "out/errors.csv"));
}

TEST(Explain, GivesTheSameBytesForEveryBatchThreadsWorkersAndIsa) {
  const SmallStudy study(4);
  ExplainOptions options = options_of(study);
  options.maps.methods = {gradcam::Method::kGradCam, gradcam::Method::kLayerCam,
                          gradcam::Method::kGradient};
  options.maps.layers = {"layer2.0.relu", "layer3.0.relu"};
  options.panel = true;
  explain(options);
  const std::string expected = hashes(study / "out");
  EXPECT_GT(expected.size(), 4 * 5 * 3 * 64U);
  std::size_t runs = 0;
  for (const engine::Isa& isa : engine::find_backend("exact").isas()) {
    if (!isa.present) continue;
    for (const auto& [batch, threads, workers] : {std::tuple{1, 1, 1}, {3, 2, 3}}) {
      options.isa = isa.name;
      options.batch = batch;
      options.threads = threads;
      options.workers = workers;
      fs::remove_all(study / "out");
      explain(options);
      ASSERT_EQ(hashes(study / "out"), expected) << isa.name << " batch " << batch;
      ++runs;
    }
  }
  EXPECT_GE(runs, 2U);
}

TEST(Explain, ContinuesAfterAKill) {
  const SmallStudy study(4);
  write_text(study.image(2), "not a picture");
  ExplainOptions options = options_of(study);
  options.batch = 1;
  std::vector<std::string> journals;
  explain(options, [&](const RunProgress&) {
    journals.push_back(read_text(study / "out/explain.partial"));
  });
  const std::string expected = hashes(study / "out");
  ASSERT_EQ(journals.size(), 5U);
  for (std::size_t done = 0; done < journals.size(); ++done) {
    for (const std::size_t torn : {std::size_t{0}, std::size_t{9}}) {
      fs::remove_all(study / "out/index.html");
      fs::remove_all(study / "out/explanations.csv");
      write_text(study / "out/explain.partial",
                 journals[done].substr(0, journals[done].size() - torn));
      const ExplainSummary summary = explain(options);
      EXPECT_LE(summary.resumed, static_cast<std::int64_t>(done));
      EXPECT_GE(summary.resumed + 1, static_cast<std::int64_t>(done));
      ASSERT_EQ(hashes(study / "out"), expected) << done << " " << torn;
    }
  }
  write_text(study / "out/explain.partial", journals[2]);
  options.target = "malignant";
  expect_contains(refusal(options, ErrorKind::kUsage), "belongs to a run with other target");
}

TEST(Explain, ListsImagesThatCannotBeReadAndDoesTheOthers) {
  const SmallStudy study(4);
  write_text(study.image(1), "not a picture");
  ExplainOptions options = options_of(study);
  const ExplainSummary summary = explain(options);
  EXPECT_EQ(summary.images, 3);
  EXPECT_EQ(summary.unreadable, 1);
  const Rows errors = rows_of(read_text(summary.errors));
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[1][0], "malignant/001.png");
  // Strict: what comes before it is done and kept.
  fs::remove_all(study / "out");
  options.strict = true;
  expect_contains(refusal(options, ErrorKind::kBadFile), "001.png");
  write_noise_png(study.image(1), 32, 32, 1);
  EXPECT_EQ(explain(options).resumed, 2);
}

TEST(Explain, TakesSeveralModelsOneImageAndATensor) {
  const SmallStudy study(1);
  write_small_weights(study / "other.safetensors", small_model(1), {"benign", "malignant"},
                      weights::default_recipe(small_model(1)));
  ExplainOptions options = options_of(study);
  options.weights.push_back(study / "other.safetensors");
  options.images = study.image(0);
  options.target = "malignant";
  options.panel = true;
  EXPECT_EQ(explain(options).maps, 2);
  const Rows rows = rows_of(read_text(study / "out/explanations.csv"));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1][3], "weights");
  EXPECT_EQ(rows[2][3], "other");
  EXPECT_EQ(rows[2][6], "malignant");
  EXPECT_TRUE(fs::exists(study / "out/maps/1-000.other.gradcam.layer3.0.relu.png"));

  // What the network takes, as a .npy: the same map.
  const image::Recipe recipe =
      image::Recipe::from_json(weights::WeightsFile(study.weights()).metadata().recipe, "recipe");
  image::write_npy(study / "input.npy", image::load_input(study.image(0), recipe));
  options.weights.pop_back();
  options.images = study / "input.npy";
  options.output = study / "tensor";
  options.panel = false;
  explain(options);
  EXPECT_EQ(read_text(study / "tensor/maps/1-input.gradcam.layer3.0.relu.npy"),
            read_text(study / "out/maps/1-000.weights.gradcam.layer3.0.relu.npy"));
}

TEST(Explain, SizesTheMapAsAsked) {
  const SmallStudy study(1);
  Json recipe = weights::default_recipe(small_model());
  recipe["steps"] = Json::parse(R"([{"pad": {"top": 2, "bottom": 6}}])");
  write_small_weights(study.weights(), small_model(), {"benign", "malignant"}, recipe);
  ExplainOptions options = options_of(study);
  options.keep_sign = true;
  const auto dims = [&](MapSize size) {
    options.size = size;
    fs::remove_all(study / "out");
    explain(options);
    const std::string file = read_text(study / "out/maps/1-000.gradcam.layer3.0.relu.npy");
    return image::decode_npy_tensor(std::as_bytes(std::span(file)), "map").tensor.dims();
  };
  EXPECT_EQ(dims(MapSize::kLayer), (engine::Dims{1, 1, 10, 8}));
  EXPECT_EQ(dims(MapSize::kInput), (engine::Dims{1, 1, 40, 32}));
  EXPECT_EQ(dims(MapSize::kSource), (engine::Dims{1, 1, 32, 32}));
}

TEST(Explain, RefusesWhatCannotBeDone) {
  const SmallStudy study(1);
  const auto expect_refusal = [&](const std::function<void(ExplainOptions&)>& spoil, ErrorKind kind,
                                  const std::string& part) {
    ExplainOptions options = options_of(study);
    spoil(options);
    expect_contains(refusal(options, kind), part);
    EXPECT_FALSE(fs::exists(study / "out/explanations.csv")) << part;
  };
  const ErrorKind usage = ErrorKind::kUsage;
  expect_refusal([](auto& o) { o.batch = 0; }, usage, "batch: 0 is not possible");
  expect_refusal([](auto& o) { o.alpha = 1.5; }, usage, "alpha: 1.5");
  expect_refusal([](auto& o) { o.colours = "pink"; }, usage, "one of viridis");
  expect_refusal([](auto& o) { o.maps.layers = {"layer3.0.rel"}; }, usage, "layer3.0.relu");
  expect_refusal([](auto& o) { o.maps.layers = {"linear"}; }, usage, "has no spatial extent");
  expect_refusal([](auto& o) { o.maps.layers = {"relu", "relu"}; }, usage, "asked for twice");
  expect_refusal([](auto& o) { o.maps.methods = {}; }, usage, "method: none");
  expect_refusal([](auto& o) { o.target = "cyst"; }, usage,
                 "target: \"cyst\" is no class of the network; predicted, 0 to 1, or a name: "
                 "benign, malignant");
  expect_refusal([](auto& o) { o.target = "2"; }, usage, "is no class");
  expect_refusal([](auto& o) { o.weights = {}; }, usage, "weights: no file");
  expect_refusal([](auto& o) { o.backend = "none"; }, ErrorKind::kUnavailable, "none: ");
  expect_refusal([&](auto& o) { o.images = study / "no"; }, ErrorKind::kIo, "cannot open");
}

TEST(ClassTarget, TakesNamesBeforeIndices) {
  weights::WeightsMetadata metadata;
  metadata.model = small_model(3);
  metadata.class_names = {"2", "b", "c"};
  EXPECT_EQ(parse_target("2", metadata), 0);
  EXPECT_EQ(parse_target("1", metadata), 1);
  EXPECT_EQ(parse_target("c", metadata), 2);
  EXPECT_EQ(parse_target("predicted", metadata), engine::kPredicted);
  metadata.model = small_model(1);
  metadata.class_names = {"malignant"};
  EXPECT_EQ(parse_target("malignant", metadata), 1);
  EXPECT_EQ(parse_target("0", metadata), 0);
  EXPECT_EQ(class_name(0, metadata), "not malignant");
  const std::vector<double> logit{1.5};
  EXPECT_EQ(probability_of(logit, 1) + probability_of(logit, 0), 1.0);
  EXPECT_GT(probability_of(logit, 1), 0.8);
}

TEST(ContactSheet, EscapesWhatComesFromOutside) {
  const std::string sheet = contact_sheet(
      "t", {"<b>"}, {{.image = "<script>\"&'", .label = "a", .picture = "maps/a \"b\".png"}});
  EXPECT_EQ(sheet.find("<script>\""), std::string::npos);
  expect_contains(sheet, "&lt;script&gt;&quot;&amp;&#39;");
  expect_contains(sheet, "&lt;b&gt;");
  expect_contains(sheet, "maps/a%20%22b%22.png");
  expect_contains(sheet, ">open</a>");
}

TEST(ExplanationFiles, HaveNamesThatSortAndHoldNoSurprise) {
  EXPECT_EQ(file_stem("a/b c.png", 7, 120), "007-b_c");
  EXPECT_EQ(file_stem("../../etc/passwd", 1, 1), "1-passwd");
  EXPECT_EQ(file_stem("a/..", 1, 9), "1-..");
  EXPECT_EQ(file_part("gradcam++"), "gradcam++");
  EXPECT_EQ(file_part(std::string(200, 'x')).size(), 80U);
  EXPECT_EQ(file_part("a/b\n\xC3\xA9"), "a_b___");
}

}  // namespace
}  // namespace apatite::study
