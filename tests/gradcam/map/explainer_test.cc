#include "gradcam/map/explainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/normal.h"
#include "engine/backends.h"
#include "gradcam/map/cam.h"
#include "gradcam/map/projection.h"
#include "gradcam/map/resample.h"
#include "image/recipe/recipe.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/relu.h"
#include "layers/softmax.h"
#include "models/models.h"
#include "tests/gradcam/map/golden_maps.h"
#include "tests/support/map_parameters.h"
#include "tests/support/random_parameters.h"

namespace apatite::gradcam {
namespace {

engine::Graph small_graph(std::int64_t classes = 4) {
  return models::build_model({.architecture = "cifar_resnet",
                              .classes = classes,
                              .input_channels = 3,
                              .options = {{"blocks_per_stage", 1}, {"width", 4}}},
                             12, 10);
}

TEST(Explainer, GivesAnImageTheSameMapsInAnyBatch) {
  const engine::Graph graph = small_graph();
  const RandomParameters source(3);
  std::vector<MapRequest> requests{{Method::kGradCam, default_layer(graph)},
                                   {Method::kScoreCam, default_layer(graph)},
                                   {Method::kSmoothGrad, 0},
                                   {Method::kIntegratedGradients, 0}};
  const engine::Tensor images = random_images(graph.node(0).shape, 3, 8);
  const std::vector<std::int64_t> targets{2, engine::kPredicted, 0};
  MethodSettings settings;
  settings.path_steps = 5;
  settings.smooth_samples = 5;
  Explainer all(graph, source, engine::find_backend("exact"), {.threads = 2}, requests, settings);
  const std::vector<Explanation> together = all.explain(images, targets);
  ASSERT_EQ(together.size(), 3U);
  settings.batch = 2;
  Explainer alone(graph, source, engine::find_backend("reference"), {}, requests, settings);
  for (std::size_t n = 0; n < 3; ++n) {
    const std::size_t size = images.size() / 3;
    const engine::Tensor image(graph.node(0).shape.with_batch(1),
                               images.values().subspan(n * size, size));
    const Explanation one = alone.explain(image, std::span(&targets[n], 1))[0];
    EXPECT_EQ(one.target, together[n].target);
    EXPECT_EQ(one.score, together[n].score);
    for (std::size_t r = 0; r < requests.size(); ++r) {
      EXPECT_EQ(one.maps[r].values, together[n].maps[r].values) << n << " " << r;
    }
  }
  EXPECT_EQ(together[1].target,
            std::max_element(together[1].logits.begin(), together[1].logits.end()) -
                together[1].logits.begin());
  EXPECT_NE(together[0].maps[0].values, together[1].maps[0].values);
}

// SmoothGrad and Score-CAM once more, by their formulas.
TEST(Explainer, SmoothGradIsTheMeanGradientOfNoisyImages) {
  const engine::Graph graph = small_graph();
  const RandomParameters source(3);
  const engine::Tensor image = random_images(graph.node(0).shape, 1, 8);
  const std::int64_t target = 1;
  MethodSettings settings;
  settings.smooth_samples = 3;
  settings.keep_sign = true;
  settings.seed = 77;
  Explainer smooth(graph, source, engine::find_backend("reference64"), {},
                   {{Method::kSmoothGrad, 0}}, settings);
  Explainer plain(graph, source, engine::find_backend("reference64"), {}, {{Method::kGradient, 0}},
                  settings);
  const auto [least, most] = std::minmax_element(image.values().begin(), image.values().end());
  std::vector<double> mean(120, 0.0);
  for (std::uint64_t sample = 0; sample < 3; ++sample) {
    engine::Tensor noisy = image;
    for (std::size_t i = 0; i < noisy.size(); ++i) {
      const double deviation = 0.15 * (double{*most} - double{*least});
      noisy.data()[i] = static_cast<float>(noisy.data()[i] +
                                           deviation * normal_number(random_stream(77, sample), i));
    }
    const auto map = plain.explain(noisy, std::span(&target, 1))[0].maps[0];
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += map.values[i] / 3;
  }
  // Sums in another order: some roundings of binary64.
  expect_near(mean, smooth.explain(image, std::span(&target, 1))[0].maps[0].values, 1e-13);
}

TEST(Explainer, ScoreCamWeighsChannelsByTheScoreOfMaskedImages) {
  const engine::Graph graph = small_graph();
  const RandomParameters source(3);
  const engine::Tensor image = random_images(graph.node(0).shape, 1, 8);
  const std::int64_t target = 2;
  const engine::NodeId layer = default_layer(graph);
  const engine::Shape shape = graph.node(layer).shape;
  const engine::Backend& backend = engine::find_backend("reference64");
  const auto taps = backend.compile(graph, source, {.outputs = {layer}});
  const engine::Tensor64 values = std::move(taps->run64(image)[0]);
  const auto network = backend.compile(graph, source, {});
  const auto plane = static_cast<std::size_t>(shape.height * shape.width);
  std::vector<float> scores;
  for (std::size_t k = 0; k < values.size() / plane; ++k) {
    const double* from = values.data() + k * plane;
    const SaliencyMap mask = resize({shape.height, shape.width, {from, from + plane}}, 12, 10);
    const auto [least, most] = std::minmax_element(mask.values.begin(), mask.values.end());
    engine::Tensor masked = image;
    for (std::size_t i = 0; i < masked.size(); ++i) {
      const double weight = *most > *least ? (mask.values[i % 120] - *least) / (*most - *least) : 0;
      masked.data()[i] = static_cast<float>(weight * masked.data()[i]);
    }
    scores.push_back(static_cast<float>(network->run64(masked)[0].data()[target]));
  }
  const SaliencyMap expected = weighted_sum(values.values(), layers::softmax(scores), shape);
  Explainer explainer(graph, source, backend, {}, {{Method::kScoreCam, layer}});
  // The scores were rounded to binary32 here, which moves a softmax by 2^-24 of their size.
  expect_near(expected.values, explainer.explain(image, std::span(&target, 1))[0].maps[0].values,
              1e-6);
}

TEST(Explainer, IntegratedGradientsSumToTheDifferenceOfScores) {
  const engine::Graph graph = small_graph();
  const RandomParameters source(3);
  const engine::Tensor image = random_images(graph.node(0).shape, 1, 8);
  const std::int64_t target = 1;
  const auto network = engine::find_backend("reference64").compile(graph, source, {});
  const double from = network->run64(engine::Tensor(image.dims()))[0].data()[target];
  const double to = network->run64(image)[0].data()[target];
  const auto gap = [&](std::int64_t steps) {
    MethodSettings settings;
    settings.path_steps = steps;
    Explainer explainer(graph, source, engine::find_backend("reference64"), {},
                        {{Method::kIntegratedGradients, 0}}, settings);
    const Explanation explanation = std::move(explainer.explain(image, std::span(&target, 1))[0]);
    double sum = 0;
    for (const double value : explanation.maps[0].values) sum += value;
    return std::abs(sum - (to - from));
  };
  ASSERT_GT(std::abs(to - from), 0.01);
  EXPECT_LT(gap(128), 0.05 * std::abs(to - from));
  EXPECT_LT(gap(128), gap(4));
}

TEST(Explainer, OneLogitHeadExplainsBothClasses) {
  const engine::Graph graph = small_graph(1);
  const RandomParameters source(3);
  const engine::Tensor image = random_images(graph.node(0).shape, 1, 8);
  Explainer explainer(graph, source, engine::find_backend("exact"), {},
                      {{Method::kGradCam, default_layer(graph)}});
  const auto of = [&](std::int64_t target) {
    return std::move(explainer.explain(image, std::span(&target, 1))[0]);
  };
  const Explanation positive = of(1);
  const Explanation negative = of(0);
  EXPECT_EQ(positive.score, positive.logits[0]);
  EXPECT_EQ(negative.score, -positive.logits[0]);
  for (std::size_t i = 0; i < positive.maps[0].values.size(); ++i) {
    EXPECT_EQ(positive.maps[0].values[i], -negative.maps[0].values[i]);
  }
  const Explanation predicted = of(engine::kPredicted);
  EXPECT_EQ(predicted.target, positive.logits[0] > 0 ? 1 : 0);
  EXPECT_GE(predicted.score, 0);
}

// ---- A network whose answer depends on one known place

// Two convolutions of stride 2 that see bright spots only, then a mean: 4 x 4 pixels per cell.
engine::Graph spot_graph(std::int64_t height, std::int64_t width) {
  engine::GraphBuilder g({1, height, width});
  engine::NodeId x = layers::conv2d(
      g, "a", 0, {.out_channels = 1, .kernel = {2, 2}, .stride = {2, 2}, .bias = true});
  x = layers::relu(g, "a.relu", x);
  x = layers::conv2d(g, "b", x, {.out_channels = 1, .kernel = {2, 2}, .stride = {2, 2}});
  x = layers::relu(g, "b.relu", x);
  x = layers::global_avg_pool(g, "pool", x);
  return std::move(g).build(layers::linear(g, "score", x, {.out_features = 2}));
}

MapParameters spot_parameters() {
  return MapParameters({{"a.weight", filled({1, 1, 2, 2}, 1)},
                        {"a.bias", filled({1}, -4)},  // four pixels of 1 are not bright
                        {"b.weight", filled({1, 1, 2, 2}, 1)},
                        {"score.weight", engine::Tensor({2, 1}, std::vector<float>{0, 1})},
                        {"score.bias", filled({2}, 0)}});
}

struct Spot {
  std::int64_t row;
  std::int64_t column;
};

// Where the map, brought back to the source, is highest.
Spot highest(const SaliencyMap& map) {
  const auto at = std::max_element(map.values.begin(), map.values.end()) - map.values.begin();
  return {at / map.width, at % map.width};
}

TEST(Explainer, PointsToTheOnePlaceThatTheAnswerDependsOn) {
  const MapParameters parameters = spot_parameters();
  const std::vector<std::string> recipes{
      R"([])",
      R"([{"pad": {"top": 5, "left": 2, "bottom": 7, "right": 10}}])",
      R"([{"crop": {"top": 6, "left": 4, "height": 34, "width": 52}}])",
      R"([{"pad_to_square": {}}])",
      R"([{"center_crop": {"height": 40, "width": 60}}, {"pad_to_square": {}}])",
      R"([{"resize": {"height": 96, "width": 72, "method": "pillow-bilinear"}}])"};
  for (const std::string& steps : recipes) {
    const image::Recipe recipe = image::Recipe::from_json({{"recipe", 1},
                                                           {"channels", 1},
                                                           {"steps", Json::parse(steps)},
                                                           {"divide_by", 1},
                                                           {"mean", {0}},
                                                           {"std", {1}}},
                                                          "recipe");
    for (const Spot spot : {Spot{10, 50}, Spot{36, 8}, Spot{20, 30}}) {
      // 48 rows and 68 columns of 1, with a bright spot of 4 x 4 pixels.
      image::Image image = image::make_image<std::uint8_t>(48, 68, 1);
      std::ranges::fill(image.values<std::uint8_t>(), std::uint8_t{1});
      for (std::int64_t y = spot.row - 2; y < spot.row + 2; ++y) {
        for (std::int64_t x = spot.column - 2; x < spot.column + 2; ++x) {
          image.values<std::uint8_t>()[static_cast<std::size_t>(y * 68 + x)] = 200;
        }
      }
      const engine::Tensor input = recipe.apply(image);
      const engine::Graph graph = spot_graph(input.dims()[2], input.dims()[3]);
      const engine::NodeId layer = graph.find("b.relu");
      const std::vector<MapRequest> requests{
          {Method::kGradCam, layer},  {Method::kGradCamPlusPlus, layer},
          {Method::kHiResCam, layer}, {Method::kLayerCam, layer},
          {Method::kScoreCam, layer}, {Method::kIntegratedGradients, 0}};
      MethodSettings settings;
      settings.path_steps = 4;
      Explainer explainer(graph, parameters, engine::find_backend("exact"), {.threads = 1},
                          requests, settings);
      const Explanation explanation = std::move(explainer.explain(input)[0]);
      EXPECT_EQ(explanation.target, 1);
      const Projection projection({48, 68}, {input.dims()[2], input.dims()[3]},
                                  recipe.pixel_map(image), recipe.visible_part(image));
      for (std::size_t r = 0; r < requests.size(); ++r) {
        const Spot found = highest(projection.to_source(explanation.maps[r]));
        // A cell spans 4 pixels of the input, so its middle is at most 4 + 2 from the spot's.
        const double reach_y = 6 * recipe.pixel_map(image).scale_y;
        const double reach_x = 6 * recipe.pixel_map(image).scale_x;
        EXPECT_LE(std::abs(found.row - spot.row), reach_y)
            << steps << " " << info_of(requests[r].method).name << " " << spot.row;
        EXPECT_LE(std::abs(found.column - spot.column), reach_x)
            << steps << " " << info_of(requests[r].method).name << " " << spot.column;
      }
      // The class that the spot does not speak for has nothing to show.
      const std::int64_t other = 0;
      const Explanation none = std::move(explainer.explain(input, std::span(&other, 1))[0]);
      EXPECT_EQ(summarize(none.maps[0]).state, MapState::kFlat);
    }
  }
}

// ---- Refusals

std::string refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(Explainer, RefusesLayersThatCannotBeExplained) {
  const engine::Graph graph = models::build_model(models::default_config("resnet18"), 64, 64);
  EXPECT_NE(refusal_of([&] { find_layer(graph, "layer4.1.rellu"); }).find("layer4.1.relu"),
            std::string::npos);
  EXPECT_EQ(refusal_of([&] { find_layer(graph, "avgpool"); }),
            "avgpool: has no spatial extent (512x1x1): a map of it has one cell; candidates: relu, "
            "layer1.1.relu, layer2.1.relu, layer3.1.relu, layer4.1.relu");
  EXPECT_NE(refusal_of([&] { find_layer(graph, "fc"); }), "accepted");
  EXPECT_EQ(graph.node(default_layer(graph)).name, "layer4.1.relu");

  engine::GraphBuilder g({1, 4, 4});
  const engine::NodeId used = layers::relu(g, "used", 0);
  layers::relu(g, "idle", 0);
  const engine::NodeId pool = layers::global_avg_pool(g, "pool", used);
  const engine::Graph odd =
      std::move(g).build(layers::linear(g, "score", pool, {.out_features = 2}));
  EXPECT_NE(
      refusal_of([&] { find_layer(odd, "idle"); }).find("idle: does not influence the logits"),
      std::string::npos);
}

TEST(Explainer, TellsTheTwoLastNodesOfADenseNetApart) {
  const engine::Graph graph = models::build_model(models::default_config("densenet121"), 64, 64);
  EXPECT_EQ(graph.node(default_layer(graph)).name, "features.relu5");
  EXPECT_NE(find_layer(graph, "features.norm5"), find_layer(graph, "features.relu5"));
}

TEST(Explainer, RefusesTargetsAndSettingsOutOfRange) {
  const engine::Graph graph = small_graph();
  const RandomParameters source(3);
  const engine::Tensor image = random_images(graph.node(0).shape, 1, 8);
  Explainer explainer(graph, source, engine::find_backend("exact"), {},
                      {{Method::kGradCam, default_layer(graph)}});
  for (const std::int64_t target : {std::int64_t{4}, std::int64_t{-2}}) {
    EXPECT_NE(refusal_of([&] {
                explainer.explain(image, std::span(&target, 1));
              }).find("is not a class of this network, which has 4"),
              std::string::npos);
  }
  const auto settings_refused = [&](const std::function<void(MethodSettings&)>& spoil) {
    MethodSettings settings;
    spoil(settings);
    return refusal_of([&] { check_settings(settings); });
  };
  EXPECT_EQ(settings_refused([](auto& s) { s.path_steps = 0; }),
            "path steps: 0 is not possible; pass 1 to 4096");
  EXPECT_NE(settings_refused([](auto& s) { s.smooth_samples = -1; }), "accepted");
  EXPECT_NE(settings_refused([](auto& s) { s.smooth_noise = 0; }), "accepted");
  EXPECT_NE(settings_refused([](auto& s) { s.smooth_noise = NAN; }), "accepted");
  EXPECT_NE(settings_refused([](auto& s) { s.batch = 0; }), "accepted");
  EXPECT_EQ(refusal_of([] { find_method("grad-cam"); }),
            "method: there is no \"grad-cam\"; one of gradcam, gradcam++, hirescam, layercam, "
            "scorecam, gradient, smoothgrad, integrated-gradients");
}

}  // namespace
}  // namespace apatite::gradcam
