#include "base/svg_plot.h"

#include <gtest/gtest.h>

namespace apatite {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SvgPlot, PlacesPointsToHundredthsOfAPixel) {
  SvgPlot plot("t", linear_axis(0, 1, 2, "x"), linear_axis(0, 1, 2, "y"), 100, 100);
  const std::vector<PlotPoint> points{{0, 0}, {1.0 / 3, 0.5}, {1, 1}};
  plot.line(points, {.color = "#000000", .width = 1});
  const std::string svg = plot.svg();
  // 64 + 100/3 and 34 + 100 - 50.
  EXPECT_TRUE(holds(svg, "d=\"M64 134L97.33 84L164 34\"")) << svg;
  EXPECT_TRUE(holds(svg, ">0.5</text>"));
}

TEST(SvgPlot, DrawsEveryKindOfMark) {
  SvgPlot plot("t", linear_axis(0, 1, 2, "x"), linear_axis(0, 1, 2, "y"), 100, 100);
  const std::vector<PlotPoint> low{{0, 0}, {1, 0.5}};
  const std::vector<PlotPoint> high{{0, 0.5}, {1, 1}};
  plot.band(low, high, {.color = "#123456", .opacity = 0.2});
  plot.points(low, {.color = "#123456", .radius = 2, .outline = "#ffffff"});
  plot.bar(0, 0.5, 0, 1, {.color = "#123456"});
  plot.error_bar(0.5, 0.25, 0.75, {.color = "#123456", .dash = "2,2"});
  plot.legend("a & <b>", {.color = "#123456"});
  plot.legend("dot", {.color = "#123456"}, true);
  const std::string svg = plot.svg();
  EXPECT_TRUE(
      holds(svg, "d=\"M64 134L164 84L164 34L64 84Z\" fill=\"#123456\" fill-opacity=\"0.2\""));
  EXPECT_TRUE(
      holds(svg, "<circle cx=\"64\" cy=\"134\" r=\"2\" fill=\"#123456\" stroke=\"#ffffff\""));
  EXPECT_TRUE(holds(svg, "<rect x=\"64\" y=\"34\" width=\"50\" height=\"100\" fill=\"#123456\"/>"));
  EXPECT_TRUE(holds(svg, "<line x1=\"114\" y1=\"109\" x2=\"114\" y2=\"59\" stroke=\"#123456\""));
  EXPECT_TRUE(holds(svg, "a &amp; &lt;b&gt;</text>"));
}

TEST(SvgPlot, KeepsALongCurveSmall) {
  std::vector<PlotPoint> points;
  for (int i = 0; i <= 1'000'000; ++i) points.push_back({i / 1e6, i / 1e6});
  SvgPlot plot("t", linear_axis(0, 1, 2, "x"), linear_axis(0, 1, 2, "y"), 100, 100);
  plot.line(points, {.color = "#000000"});
  const std::string svg = plot.svg();
  EXPECT_LT(svg.size(), 20'000U);
  EXPECT_TRUE(holds(svg, "L164 34\""));
}

TEST(SvgPlot, TicksAreShortDecimals) {
  const PlotAxis axis = linear_axis(0, 1, 10, "x");
  EXPECT_EQ(axis.ticks[3], 0.3);
  EXPECT_EQ(axis.ticks[7], 0.7);
}

}  // namespace
}  // namespace apatite
