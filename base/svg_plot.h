// A small writer of plots as SVG: axes, lines, bands, points, bars, a legend. The same input gives
// the same bytes everywhere: coordinates are rounded to hundredths of a pixel, no libm is called.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite {

struct PlotPoint {
  double x = 0;
  double y = 0;
};

// One axis: values from `low` to `high`, drawn linearly. The caller chooses the ticks.
struct PlotAxis {
  double low = 0;
  double high = 1;
  std::string label;
  std::vector<double> ticks;  // text: shortest decimal
};

// `low` to `high` in `steps` equal parts: the ticks of an axis.
PlotAxis linear_axis(double low, double high, int steps, std::string_view label);

struct PlotStyle {
  std::string color;    // "#rrggbb"
  double width = 1.8;   // of a line, in pixels
  std::string dash;     // e.g. "5,4"; empty: solid
  double opacity = 1;   // of the colour
  double radius = 3.5;  // of a point, in pixels
  std::string outline;  // colour around a point; empty: none
};

// Colours that stay distinct for the colour-blind and in print (Okabe and Ito 2008); they repeat
// after seven.
std::string_view plot_color(std::size_t index);

// What is drawn lies inside the axes: anything outside is clipped. Later things cover earlier ones;
// points lie on top of all, whole also at the edge.
class SvgPlot {
 public:
  // The plotting area is `width` x `height` pixels; margins for labels are added.
  SvgPlot(std::string_view title, PlotAxis x, PlotAxis y, double width = 400, double height = 400);

  // Connects the points. Points nearer than a quarter of a pixel to the one before are left out,
  // so that a curve of millions of points stays a small file.
  void line(std::span<const PlotPoint> points, const PlotStyle& style);
  // Fills between a lower and an upper line.
  void band(std::span<const PlotPoint> lower, std::span<const PlotPoint> upper,
            const PlotStyle& style);
  void points(std::span<const PlotPoint> points, const PlotStyle& style);
  // A vertical bar from y0 to y1 between x0 and x1.
  void bar(double x0, double x1, double y0, double y1, const PlotStyle& style);
  // A vertical error bar with caps.
  void error_bar(double x, double low, double high, const PlotStyle& style);
  void text(double x, double y, std::string_view text, std::string_view color);

  // A line of the legend, which stands below the plotting area: a stroke, or with `point` a dot.
  void legend(std::string_view text, const PlotStyle& style, bool point = false);

  // The whole file.
  [[nodiscard]] std::string svg() const;

 private:
  struct LegendEntry {
    std::string text;
    PlotStyle style;
    bool point;
  };

  [[nodiscard]] double to_x(double value) const;
  [[nodiscard]] double to_y(double value) const;
  [[nodiscard]] std::string path(std::span<const PlotPoint> points, bool reversed,
                                 char first) const;
  [[nodiscard]] std::string axes() const;

  std::string title_;
  PlotAxis x_, y_;
  double width_, height_;
  std::string body_;
  std::string dots_;
  std::vector<LegendEntry> legend_;
};

}  // namespace apatite
