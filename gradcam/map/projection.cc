#include "gradcam/map/projection.h"

#include <algorithm>

namespace apatite::gradcam {
namespace {

double to_map(double source, double scale, double offset, std::int64_t cells, std::int64_t n) {
  return (source - offset) / scale * static_cast<double>(cells) / static_cast<double>(n);
}

double from_map(double map, double scale, double offset, std::int64_t cells, std::int64_t n) {
  return offset + scale * (map * static_cast<double>(n) / static_cast<double>(cells));
}

}  // namespace

Projection::Projection(image::Size source, image::Size input,
                       const image::PixelMap& input_to_source)
    : Projection(source, input, input_to_source, {0, 0, source}) {}

Projection::Projection(image::Size source, image::Size input,
                       const image::PixelMap& input_to_source, const image::Box& visible)
    : source_(source), input_(input), map_(input_to_source) {
  // A flip has a negative scale.
  const auto [top, bottom] = std::minmax(
      {map_.offset_y, map_.offset_y + map_.scale_y * static_cast<double>(input.height)});
  const auto [left, right] =
      std::minmax({map_.offset_x, map_.offset_x + map_.scale_x * static_cast<double>(input.width)});
  covered_ =
      image::intersection(visible, image::pixels_within(source, top, left, bottom, right), source);
}

double Projection::map_row(double source_y, std::int64_t cells) const {
  return to_map(source_y, map_.scale_y, map_.offset_y, cells, input_.height);
}

double Projection::map_column(double source_x, std::int64_t cells) const {
  return to_map(source_x, map_.scale_x, map_.offset_x, cells, input_.width);
}

double Projection::source_row(double map_y, std::int64_t cells) const {
  return from_map(map_y, map_.scale_y, map_.offset_y, cells, input_.height);
}

double Projection::source_column(double map_x, std::int64_t cells) const {
  return from_map(map_x, map_.scale_x, map_.offset_x, cells, input_.width);
}

SaliencyMap Projection::to_source(const SaliencyMap& map) const {
  SaliencyMap result{
      source_.height, source_.width,
      std::vector<double>(static_cast<std::size_t>(source_.height * source_.width), 0.0)};
  std::vector<Between> columns;
  for (std::int64_t x = covered_.left; x < covered_.right(); ++x) {
    columns.push_back(between(map_column(static_cast<double>(x) + 0.5, map.width), map.width));
  }
  for (std::int64_t y = covered_.top; y < covered_.bottom(); ++y) {
    const Between row = between(map_row(static_cast<double>(y) + 0.5, map.height), map.height);
    double* to = result.values.data() + y * source_.width + covered_.left;
    for (const Between& column : columns) *to++ = sample(map, row, column);
  }
  return result;
}

Json Projection::to_json() const {
  return {{"source", {{"height", source_.height}, {"width", source_.width}}},
          {"input", {{"height", input_.height}, {"width", input_.width}}},
          {"input_to_source",
           {{"scale_y", map_.scale_y},
            {"offset_y", map_.offset_y},
            {"scale_x", map_.scale_x},
            {"offset_x", map_.offset_x}}},
          {"covered",
           {{"top", covered_.top},
            {"left", covered_.left},
            {"bottom", covered_.bottom()},
            {"right", covered_.right()}}}};
}

Json Projection::map_to_source_json(std::int64_t height, std::int64_t width) const {
  const auto cell = [](double scale, std::int64_t n, std::int64_t cells) {
    return scale * static_cast<double>(n) / static_cast<double>(cells);
  };
  return {{"scale_y", cell(map_.scale_y, input_.height, height)},
          {"offset_y", map_.offset_y},
          {"scale_x", cell(map_.scale_x, input_.width, width)},
          {"offset_x", map_.offset_x}};
}

}  // namespace apatite::gradcam
