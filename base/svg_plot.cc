#include "base/svg_plot.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/escape.h"
#include "base/text.h"

namespace apatite {
namespace {

constexpr double kLeft = 64, kRight = 20, kBottom = 52;
constexpr double kTitle = 34;       // above the plotting area
constexpr double kLegendLine = 19;  // from one line of the legend to the next
constexpr double kTick = 5;
constexpr std::string_view kInk = "#222222";
constexpr std::string_view kGrid = "#e6e6e6";

// Hundredths of a pixel, rounded half up; what is far outside is clipped anyway.
std::string px(double value) {
  const double bounded = std::clamp(value, -1e6, 1e6);
  const double scaled = bounded * 100 + 0.5;
  auto hundredths = static_cast<std::int64_t>(scaled);
  if (static_cast<double>(hundredths) > scaled) --hundredths;  // floor
  std::string text = hundredths < 0 ? "-" : "";
  if (hundredths < 0) hundredths = -hundredths;
  text += to_text(hundredths / 100);
  if (const std::int64_t rest = hundredths % 100; rest != 0) {
    text += rest < 10 ? ".0" : ".";
    text += to_text(rest % 10 == 0 ? rest / 10 : rest);
  }
  return text;
}

// ' name="value"'.
std::string attribute(std::string_view name, std::string_view value) {
  std::string text = " ";
  text += name;
  text += "=\"";
  text += value;
  return text + '"';
}

std::string stroke(const PlotStyle& style) {
  std::string text = attribute("stroke", style.color) + attribute("stroke-width", px(style.width));
  if (!style.dash.empty()) text += attribute("stroke-dasharray", style.dash);
  if (style.opacity < 1) text += attribute("stroke-opacity", px(style.opacity));
  return text;
}

std::string fill(const PlotStyle& style) {
  std::string text = attribute("fill", style.color);
  if (style.opacity < 1) text += attribute("fill-opacity", px(style.opacity));
  return text;
}

std::string segment(double x0, double y0, double x1, double y1, std::string_view rest) {
  return "<line" + attribute("x1", px(x0)) + attribute("y1", px(y0)) + attribute("x2", px(x1)) +
         attribute("y2", px(y1)) + std::string(rest) + "/>\n";
}

std::string label(double x, double y, std::string_view text, std::string_view rest) {
  return "<text" + attribute("x", px(x)) + attribute("y", px(y)) + std::string(rest) + ">" +
         escape_xml(text) + "</text>\n";
}

std::string dot(double x, double y, const PlotStyle& style) {
  std::string text = "<circle" + attribute("cx", px(x)) + attribute("cy", px(y)) +
                     attribute("r", px(style.radius)) + fill(style);
  if (!style.outline.empty()) {
    text += attribute("stroke", style.outline) + attribute("stroke-width", "1");
  }
  return text + "/>\n";
}

}  // namespace

PlotAxis linear_axis(double low, double high, int steps, std::string_view label) {
  PlotAxis axis{low, high, std::string(label), {}};
  for (int i = 0; i <= steps; ++i) {
    // (low*(n-i) + high*i)/n rounds 0.3 to 0.3, where low + i*0.1 would not.
    axis.ticks.push_back((low * (steps - i) + high * i) / steps);
  }
  return axis;
}

std::string_view plot_color(std::size_t index) {
  constexpr std::array<std::string_view, 7> kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                    "#e69f00", "#56b4e9", "#000000"};
  return kColors[index % kColors.size()];
}

SvgPlot::SvgPlot(std::string_view title, PlotAxis x, PlotAxis y, double width, double height)
    : title_(title), x_(std::move(x)), y_(std::move(y)), width_(width), height_(height) {}

double SvgPlot::to_x(double value) const {
  return kLeft + (value - x_.low) / (x_.high - x_.low) * width_;
}

double SvgPlot::to_y(double value) const {
  return kTitle + height_ - (value - y_.low) / (y_.high - y_.low) * height_;
}

std::string SvgPlot::path(std::span<const PlotPoint> points, bool reversed, char first) const {
  constexpr double kNear = 0.25;
  std::string text;
  double last_x = 0;
  double last_y = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const PlotPoint& point = points[reversed ? points.size() - 1 - i : i];
    const double x = to_x(point.x);
    const double y = to_y(point.y);
    const double dx = x - last_x;
    const double dy = y - last_y;
    const bool is_end = i == 0 || i + 1 == points.size();
    if (!is_end && dx * dx + dy * dy < kNear * kNear) continue;
    text += i == 0 ? first : 'L';
    text += px(x) + ' ' + px(y);
    last_x = x;
    last_y = y;
  }
  return text;
}

void SvgPlot::line(std::span<const PlotPoint> points, const PlotStyle& style) {
  if (points.empty()) return;
  body_ += "<path" + attribute("d", path(points, false, 'M')) + attribute("fill", "none") +
           stroke(style) + attribute("stroke-linejoin", "round") + "/>\n";
}

void SvgPlot::band(std::span<const PlotPoint> lower, std::span<const PlotPoint> upper,
                   const PlotStyle& style) {
  if (lower.empty() || upper.empty()) return;
  body_ += "<path" + attribute("d", path(lower, false, 'M') + path(upper, true, 'L') + "Z") +
           fill(style) + "/>\n";
}

void SvgPlot::points(std::span<const PlotPoint> points, const PlotStyle& style) {
  for (const PlotPoint& point : points) {
    const bool inside =
        point.x >= x_.low && point.x <= x_.high && point.y >= y_.low && point.y <= y_.high;
    if (inside) dots_ += dot(to_x(point.x), to_y(point.y), style);
  }
}

void SvgPlot::bar(double x0, double x1, double y0, double y1, const PlotStyle& style) {
  const double top = to_y(std::max(y0, y1));
  body_ += "<rect" + attribute("x", px(to_x(x0))) + attribute("y", px(top)) +
           attribute("width", px(to_x(x1) - to_x(x0))) +
           attribute("height", px(to_y(std::min(y0, y1)) - top)) + fill(style) + "/>\n";
}

void SvgPlot::error_bar(double x, double low, double high, const PlotStyle& style) {
  constexpr double kCap = 3;
  const double at = to_x(x);
  const std::string pen = stroke(style);
  body_ += segment(at, to_y(low), at, to_y(high), pen);
  for (const double end : {low, high}) {
    body_ += segment(at - kCap, to_y(end), at + kCap, to_y(end), pen);
  }
}

void SvgPlot::text(double x, double y, std::string_view text, std::string_view color) {
  body_ += label(to_x(x), to_y(y), text, attribute("fill", color));
}

void SvgPlot::legend(std::string_view text, const PlotStyle& style, bool point) {
  legend_.push_back({std::string(text), style, point});
}

std::string SvgPlot::axes() const {
  const double bottom = kTitle + height_;
  const std::string pen = attribute("stroke", kInk);
  std::string text;
  for (const double tick : x_.ticks) {
    const double x = to_x(tick);
    text += segment(x, bottom, x, bottom + kTick, pen);
    text += label(x, bottom + kTick + 13, to_text(tick), attribute("text-anchor", "middle"));
  }
  for (const double tick : y_.ticks) {
    const double y = to_y(tick);
    text += segment(kLeft - kTick, y, kLeft, y, pen);
    text += label(kLeft - kTick - 4, y + 4, to_text(tick), attribute("text-anchor", "end"));
  }
  text += "<rect" + attribute("x", px(kLeft)) + attribute("y", px(kTitle)) +
          attribute("width", px(width_)) + attribute("height", px(height_)) +
          attribute("fill", "none") + pen + "/>\n";
  text += label(kLeft + width_ / 2, bottom + 40, x_.label,
                attribute("text-anchor", "middle") + attribute("font-size", "13"));
  const std::string turn = "rotate(-90 18 " + px(kTitle + height_ / 2) + ")";
  text += label(18, kTitle + height_ / 2, y_.label,
                attribute("text-anchor", "middle") + attribute("font-size", "13") +
                    attribute("transform", turn));
  return text;
}

std::string SvgPlot::svg() const {
  const double below = kTitle + height_ + kBottom;
  const std::string whole_width = px(kLeft + width_ + kRight);
  const double legend = legend_.empty() ? 0 : static_cast<double>(legend_.size()) * kLegendLine + 8;
  const std::string whole_height = px(below + legend);
  std::string text = "<svg" + attribute("xmlns", "http://www.w3.org/2000/svg") +
                     attribute("width", whole_width) + attribute("height", whole_height) +
                     attribute("viewBox", "0 0 " + whole_width + " " + whole_height) +
                     attribute("font-family", "Helvetica, Arial, 'Liberation Sans', sans-serif") +
                     attribute("font-size", "12") + attribute("fill", kInk) + ">\n";
  text += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  text += label(kLeft, kTitle - 13, title_,
                attribute("font-size", "14") + attribute("font-weight", "bold"));
  for (const double tick : x_.ticks) {
    text += segment(to_x(tick), kTitle, to_x(tick), kTitle + height_, attribute("stroke", kGrid));
  }
  for (const double tick : y_.ticks) {
    text += segment(kLeft, to_y(tick), kLeft + width_, to_y(tick), attribute("stroke", kGrid));
  }
  // A line along an edge keeps its width.
  text += "<clipPath id=\"area\"><rect" + attribute("x", px(kLeft - 1)) +
          attribute("y", px(kTitle - 1)) + attribute("width", px(width_ + 2)) +
          attribute("height", px(height_ + 2)) + "/></clipPath>\n";
  text += "<g clip-path=\"url(#area)\">\n" + body_ + "</g>\n" + axes() + dots_;
  for (std::size_t i = 0; i < legend_.size(); ++i) {
    const LegendEntry& entry = legend_[i];
    const double y = below + 8 + static_cast<double>(i) * kLegendLine;
    text += entry.point ? dot(kLeft + 12, y, entry.style)
                        : segment(kLeft, y, kLeft + 24, y, stroke(entry.style));
    text += label(kLeft + 32, y + 4, entry.text, "");
  }
  return text + "</svg>\n";
}

}  // namespace apatite
