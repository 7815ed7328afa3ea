#include "gradcam/picture/render.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "gradcam/picture/font.h"
#include "tests/gradcam/map/golden_maps.h"

namespace apatite::gradcam {
namespace {

Colour pixel(const image::Image& image, std::int64_t y, std::int64_t x) {
  const auto at = static_cast<std::size_t>((y * image.width + x) * 3);
  const auto values = image.values<std::uint8_t>();
  return {values[at], values[at + 1], values[at + 2]};
}

image::Image grey(std::int64_t height, std::int64_t width, std::uint8_t value) {
  image::Image image = image::make_image<std::uint8_t>(height, width, 3);
  std::ranges::fill(image.values<std::uint8_t>(), value);
  return image;
}

Projection whole(std::int64_t height, std::int64_t width) {
  return {{height, width}, {height, width}, {}};
}

TEST(ColourMap, HasMatplotlibsColours) {
  const Json golden = golden_file("maps.json")["colours"];
  const auto indices = golden["indices"].get<std::vector<std::size_t>>();
  ASSERT_GE(indices.size(), 10U);
  ASSERT_EQ(colour_maps().size(), 4U);
  for (const ColourMap& map : colour_maps()) {
    const Json& expected = golden.at(std::string(map.name));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto rgb = expected[i].get<std::array<std::uint8_t, 3>>();
      EXPECT_EQ(map.colours[indices[i]], (Colour{rgb[0], rgb[1], rgb[2]})) << map.name << i;
    }
  }
}

TEST(ColourMap, CoversTheUnitInterval) {
  const ColourMap& map = find_colour_map("viridis");
  EXPECT_EQ(map.at(0), map.colours[0]);
  EXPECT_EQ(map.at(1), map.colours[255]);
  EXPECT_EQ(map.at(0.5), map.colours[128]);
  EXPECT_EQ(map.at(std::nextafter(0.5, 0)), map.colours[127]);
  try {
    find_colour_map("rainbow");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "colour map: there is no \"rainbow\"; one of viridis, inferno, turbo, jet");
  }
}

TEST(Render, ShowsSamplesOfEveryType) {
  image::Image wide = image::make_image<std::uint16_t>(1, 3, 1);
  const std::vector<std::uint16_t> samples{100, 300, 500};
  std::ranges::copy(samples, wide.values<std::uint16_t>().begin());
  const image::Image shown = to_display(wide);
  EXPECT_EQ(pixel(shown, 0, 0), kPureBlack);
  EXPECT_EQ(pixel(shown, 0, 1), (Colour{128, 128, 128}));
  EXPECT_EQ(pixel(shown, 0, 2), kPureWhite);

  image::Image alpha = image::make_image<std::uint8_t>(1, 1, 4);
  const std::vector<std::uint8_t> rgba{1, 2, 3, 9};
  std::ranges::copy(rgba, alpha.values<std::uint8_t>().begin());
  EXPECT_EQ(pixel(to_display(alpha), 0, 0), (Colour{1, 2, 3}));

  engine::Tensor tensor(engine::Dims{1, 3, 1, 2});
  tensor.data()[0] = -1;  // red, first pixel
  tensor.data()[5] = 1;   // blue, second pixel
  EXPECT_EQ(pixel(to_display(tensor), 0, 0), (Colour{0, 128, 128}));
  EXPECT_EQ(pixel(to_display(tensor), 0, 1), (Colour{128, 128, 255}));

  wide.values<std::uint16_t>()[0] = wide.values<std::uint16_t>()[1] = 500;
  EXPECT_EQ(pixel(to_display(wide), 0, 0), kPureBlack) << "a flat image has no range";
}

TEST(Render, FitsByAveragingAndInBlocks) {
  image::Image image = image::make_image<std::uint8_t>(2, 2, 3);
  std::ranges::fill(image.values<std::uint8_t>(), std::uint8_t{0});
  for (const std::size_t i : {0U, 1U, 2U}) image.values<std::uint8_t>()[i] = 202;
  EXPECT_EQ(pixel(fit(image, {1, 1}), 0, 0), (Colour{51, 51, 51}));  // 50.5 rounded up
  const image::Image large = fit(image, {4, 6});
  for (std::int64_t y = 0; y < 4; ++y) {
    for (std::int64_t x = 0; x < 6; ++x) {
      EXPECT_EQ(pixel(large, y, x).red, y < 2 && x < 3 ? 202 : 0) << y << x;
    }
  }
  EXPECT_EQ(panel_size({3062, 2394}, 192, 640), (image::Size{640, 500}));
  EXPECT_EQ(panel_size({32, 24}, 192, 640), (image::Size{192, 144}));
  EXPECT_EQ(panel_size({300, 200}, 192, 640), (image::Size{300, 200}));
}

TEST(Render, BlendsWithTheOpacityOfTheValue) {
  const SaliencyMap map{1, 3, {-1, 1, 2}};
  const MapStyle style{.colours = &find_colour_map("jet"), .alpha = 0.5};
  const image::Image picture = blend(grey(1, 3, 100), map, whole(1, 3), style);
  EXPECT_EQ(pixel(picture, 0, 0), (Colour{100, 100, 100})) << "no evidence, no colour";
  const auto mixed = [](int over, double opacity) {
    return static_cast<std::uint8_t>(std::floor(100 + (over - 100) * opacity + 0.5));
  };
  const Colour half = style.colours->at(0.5);
  EXPECT_EQ(pixel(picture, 0, 1),
            (Colour{mixed(half.red, 0.25), mixed(half.green, 0.25), mixed(half.blue, 0.25)}));
  const Colour full = style.colours->at(1);
  EXPECT_EQ(pixel(picture, 0, 2),
            (Colour{mixed(full.red, 0.5), mixed(full.green, 0.5), mixed(full.blue, 0.5)}));
}

TEST(Render, OverlayKeepsEverySourcePixelInItsPlace) {
  // The map lies in the box of rows 2 to 5 and columns 10 to 13 alone.
  const Projection projection({20, 30}, {4, 4}, {1, 2, 1, 10});
  const image::Image display = grey(20, 30, 50);
  const image::Image picture =
      overlay_picture(display, {1, 2, {1, 2}}, projection, {}, {{"a line of text"}});
  EXPECT_GT(picture.width, 30);
  EXPECT_GT(picture.height, 20);
  int coloured = 0;
  for (std::int64_t y = 0; y < 20; ++y) {
    for (std::int64_t x = 0; x < 30; ++x) {
      const bool inside = y >= 2 && y < 6 && x >= 10 && x < 14;
      const bool changed = !(pixel(picture, y, x) == Colour{50, 50, 50});
      EXPECT_TRUE(inside || !changed) << y << " " << x;
      coloured += changed ? 1 : 0;
    }
  }
  EXPECT_EQ(coloured, 16);
}

// What a reader sees of a map without anything to show: the source as it is, and words.
TEST(Render, NeverStretchesAMapWithoutEvidence) {
  const image::Image display = grey(40, 60, 77);
  for (const std::vector<double>& values : {std::vector<double>{-2, -1}, {3, 3}, {0, 0}}) {
    const SaliencyMap map{1, 2, values};
    const image::Image picture = overlay_picture(display, map, whole(40, 60), {}, {});
    for (std::int64_t y = 0; y < 40; ++y) {
      for (std::int64_t x = 0; x < 60; ++x) {
        ASSERT_EQ(pixel(picture, y, x), (Colour{77, 77, 77}));
      }
    }
    int ink = 0;
    for (std::int64_t y = 40; y < picture.height; ++y) {
      for (std::int64_t x = 0; x < picture.width; ++x) {
        if (pixel(picture, y, x) == Colour{176, 0, 0}) ++ink;
      }
    }
    EXPECT_GT(ink, 200) << "the reason is written below";
    const image::Image alone = colours_of(map, whole(40, 60), {10, 10}, {});
    EXPECT_EQ(pixel(alone, 0, 0), pixel(alone, 9, 9));
  }
}

TEST(Render, PanelShowsSourceMapAndOverlaySideBySide) {
  const SaliencyMap left{1, 2, {1, 0}};
  const SaliencyMap nothing{1, 2, {-1, -2}};
  const Projection projection = whole(200, 200);
  const std::vector<PanelItem> items{{&left, &projection, {"layer A"}},
                                     {&nothing, &projection, {"layer B"}}};
  const MapStyle style;
  const image::Image panel = panel_picture(grey(200, 200, 90), items, {"source"}, style);
  EXPECT_EQ(pixel(panel, 8 + 100, 8 + 100), (Colour{90, 90, 90}));
  // The map's left half is its largest value, its right half 0.
  const std::int64_t map_left = 8 + 200 + 16;
  EXPECT_EQ(pixel(panel, 100, map_left + 3), style.colours->at(1));
  EXPECT_EQ(pixel(panel, 100, map_left + 196), style.colours->at(0));
  EXPECT_EQ(pixel(panel, 100, map_left + 200 + 8 + 196), (Colour{90, 90, 90}));
  EXPECT_NE(pixel(panel, 100, map_left + 200 + 8 + 3).green, 90);
  EXPECT_GE(panel.width, 5 * 200);
}

TEST(Font, HasEveryAsciiCharacterOnce) {
  int empty = 0;
  for (char c = 33; c < 127; ++c) {
    if (glyph(c) == Glyph{}) ++empty;
    for (char other = 33; other < c; ++other) EXPECT_NE(glyph(c), glyph(other)) << c << other;
  }
  EXPECT_EQ(empty, 0);
  EXPECT_EQ(glyph(' '), Glyph{});
  EXPECT_EQ(glyph('\xC3'), glyph('?'));
  EXPECT_EQ(glyph('\n'), glyph('?'));
}

}  // namespace
}  // namespace apatite::gradcam
