#include "gradcam/map/cam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/gradcam/map/golden_maps.h"

namespace apatite::gradcam {
namespace {

using Cam = SaliencyMap (*)(const LayerValues&);

SaliencyMap run(Cam cam, const std::vector<double>& values, const std::vector<double>& gradient,
                const engine::Shape& shape) {
  return cam({.values = values, .gradient = gradient, .shape = shape});
}

// The same numbers through pytorch-grad-cam. Two orders of a sum of n terms part by at most
// n * 2^-52 times the sum of magnitudes; of the few hundred terms here, by less than 1e-12 of it.
TEST(Cam, AgreesWithPytorchGradCamOnGivenArrays) {
  const Json cases = golden_file("maps.json")["cams"];
  ASSERT_EQ(cases.size(), 3U);
  for (const Json& golden : cases) {
    const auto dims = golden["shape"].get<std::vector<std::int64_t>>();
    const engine::Shape shape{dims[0], dims[1], dims[2]};
    const auto seed = golden["seed"].get<std::uint64_t>();
    const auto values = symmetric_numbers(seed, shape.size());
    const auto gradient = symmetric_numbers(seed + 100, shape.size());
    const auto expect = [&](const char* name, Cam cam, double tolerance) {
      const SaliencyMap map = run(cam, values, gradient, shape);
      EXPECT_EQ(map.height, shape.height);
      EXPECT_EQ(map.width, shape.width);
      expect_near(golden["maps"][name].get<std::vector<double>>(), map.values, tolerance);
    };
    expect("gradcam", grad_cam, 1e-12);
    expect("hirescam", hires_cam, 1e-12);
    expect("layercam", layer_cam, 1e-12);
    // Its divisor may nearly cancel, and the package's has another rounding and 1e-18 more.
    expect("gradcam++", grad_cam_plus_plus, 1e-9);
  }
}

TEST(Cam, WeighsByHand) {
  // Two channels of 1 x 2.
  const std::vector<double> values{1, 2, 3, 4};
  const std::vector<double> gradient{1, 3, -2, 0};
  const engine::Shape shape{2, 1, 2};
  // w = {2, -1}
  EXPECT_EQ(run(grad_cam, values, gradient, shape).values, (std::vector<double>{-1, 0}));
  EXPECT_EQ(run(hires_cam, values, gradient, shape).values, (std::vector<double>{-5, 6}));
  EXPECT_EQ(run(layer_cam, values, gradient, shape).values, (std::vector<double>{1, 6}));
  // s = {3, 7}; a = {1 / 5, 9 / 99; 4 / -48, 0}; w = {1/5 + 3/11, 0}
  const double w = 1.0 / 5 + 9.0 / 99 * 3;
  EXPECT_EQ(run(grad_cam_plus_plus, values, gradient, shape).values,
            (std::vector<double>{w, 2 * w}));
}

TEST(Cam, LeavesNoNegativeZeroAndNoNan) {
  const std::vector<double> zeros(6, 0.0);
  const std::vector<double> negative(6, -1.0);
  for (const Cam cam : {grad_cam, grad_cam_plus_plus, hires_cam, layer_cam}) {
    for (const auto& [a, g] : {std::pair(zeros, negative), {negative, zeros}, {zeros, zeros}}) {
      for (const double value : run(cam, a, g, {1, 2, 3}).values) {
        EXPECT_EQ(value, 0.0);
        EXPECT_FALSE(std::signbit(value));
      }
    }
  }
}

TEST(SaliencyMap, SaysWhatCannotBeShown) {
  const auto state = [](std::vector<double> values) {
    const auto width = static_cast<std::int64_t>(values.size());
    return summarize({1, width, std::move(values)}).state;
  };
  EXPECT_EQ(state({0, 1}), MapState::kPositive);
  EXPECT_EQ(state({-5, 1e-300}), MapState::kPositive);
  EXPECT_EQ(state({-1, -2}), MapState::kNowherePositive);
  EXPECT_EQ(state({0, -2}), MapState::kNowherePositive);
  EXPECT_EQ(state({0, 0}), MapState::kFlat);
  EXPECT_EQ(state({3, 3}), MapState::kFlat);
  EXPECT_EQ(state({-3}), MapState::kFlat);
  EXPECT_TRUE(explanation_of(MapState::kPositive).empty());
  EXPECT_NE(explanation_of(MapState::kFlat), explanation_of(MapState::kNowherePositive));
}

TEST(SaliencyMap, NormalisesOnlyWhatIsPositive) {
  const SaliencyMap map{1, 4, {-2, 0, 1, 4}};
  EXPECT_EQ(normalized(map).values, (std::vector<double>{0, 0, 0.25, 1}));
  EXPECT_EQ(positive_part(map).values, (std::vector<double>{0, 0, 1, 4}));
  EXPECT_EQ(summarize(map).positive_share, 5.0 / 7);
  EXPECT_EQ(summarize(map).least, -2);
  EXPECT_EQ(summarize(map).most, 4);
  // Neither is stretched into noise.
  EXPECT_EQ(normalized({1, 2, {-2, -1}}).values, (std::vector<double>{0, 0}));
  EXPECT_EQ(normalized({1, 2, {7, 7}}).values, (std::vector<double>{0, 0}));
}

TEST(SaliencyMap, BecomesBinary32WithoutNegativeZero) {
  const engine::Tensor tensor = to_tensor({2, 1, {-1e-60, 0.1}});
  EXPECT_EQ(tensor.dims(), (engine::Dims{2, 1}));
  EXPECT_FALSE(std::signbit(tensor.values()[0]));
  EXPECT_EQ(tensor.values()[1], 0.1F);
}

}  // namespace
}  // namespace apatite::gradcam
