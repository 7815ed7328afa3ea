#include "gradcam/picture/render.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>

#include "gradcam/picture/font.h"

namespace apatite::gradcam {
namespace {

constexpr Colour kNoMap{96, 96, 96};
constexpr Colour kPaper{255, 255, 255};
constexpr Colour kInk{20, 20, 20};
constexpr Colour kWarning{176, 0, 0};

// Three digits: for pictures; the JSON has the number.
std::string short_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::general, 3);
  return {buffer.data(), end.ptr};
}

std::uint8_t* pixel_of(image::Image& rgb, std::int64_t y, std::int64_t x) {
  return rgb.values<std::uint8_t>().data() + (y * rgb.width + x) * 3;
}

// Stretched to 0 .. 255. The samples of 16-bit images and their differences are exact in binary64.
template <class T>
std::uint8_t stretch(T sample, T least, T most) {
  if (most <= least) return 0;
  const double range = static_cast<double>(most) - static_cast<double>(least);
  return static_cast<std::uint8_t>(
      std::floor((static_cast<double>(sample) - static_cast<double>(least)) * 255 / range + 0.5));
}

// Where the middles of a picture's rows (or columns) lie in the map; none where nothing is covered.
std::vector<std::optional<Between>> positions(std::int64_t pixels, std::int64_t source,
                                              std::int64_t first, std::int64_t last,
                                              std::int64_t cells, const auto& to_map) {
  std::vector<std::optional<Between>> result;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const double at =
        (static_cast<double>(i) + 0.5) * static_cast<double>(source) / static_cast<double>(pixels);
    const bool covered = at >= static_cast<double>(first) && at < static_cast<double>(last);
    result.push_back(covered ? std::optional(between(to_map(at), cells)) : std::nullopt);
  }
  return result;
}

// Calls `visit(y, x, v)` for each covered pixel of a picture of `size`, v the normalised map.
template <class Visit>
void for_each_value(const SaliencyMap& map, const Projection& projection, image::Size size,
                    const Visit& visit) {
  const SaliencyMap shown = normalized(map);
  const image::Box box = projection.covered();
  const auto rows =
      positions(size.height, projection.source().height, box.top, box.bottom(), map.height,
                [&](double at) { return projection.map_row(at, map.height); });
  const auto columns =
      positions(size.width, projection.source().width, box.left, box.right(), map.width,
                [&](double at) { return projection.map_column(at, map.width); });
  for (std::int64_t y = 0; y < size.height; ++y) {
    const auto& row = rows[static_cast<std::size_t>(y)];
    if (!row) continue;
    for (std::int64_t x = 0; x < size.width; ++x) {
      const auto& column = columns[static_cast<std::size_t>(x)];
      if (column) visit(y, x, sample(shown, *row, *column));
    }
  }
}

// A vertical bar with the colours from 1 at the top to 0 at the bottom.
void draw_bar(Canvas& canvas, std::int64_t top, std::int64_t left, std::int64_t height,
              std::int64_t width, const ColourMap& colours) {
  for (std::int64_t i = 0; i < height; ++i) {
    const double v = 1 - (static_cast<double>(i) + 0.5) / static_cast<double>(height);
    canvas.fill(top + i, left, 1, width, colours.at(v));
  }
}

std::int64_t widest(const std::vector<std::string>& lines, std::int64_t scale) {
  std::int64_t width = 0;
  for (const std::string& line : lines) width = std::max(width, text_width(line, scale));
  return width;
}

// The lines of a map's text; what cannot be shown is said first.
std::vector<std::string> lines_of(const SaliencyMap& map, const std::vector<std::string>& lines) {
  std::vector<std::string> result;
  const MapState state = summarize(map).state;
  if (state != MapState::kPositive) result.emplace_back(explanation_of(state));
  result.insert(result.end(), lines.begin(), lines.end());
  return result;
}

void draw_lines(Canvas& canvas, const std::vector<std::string>& lines, std::int64_t top,
                std::int64_t left, std::int64_t scale, bool first_is_warning) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    canvas.text(lines[i], top, left, i == 0 && first_is_warning ? kWarning : kInk, scale);
    top += kGlyphLine * scale;
  }
}

}  // namespace

image::Image to_display(const image::Image& source) {
  image::Image result =
      image::make_image<std::uint8_t>(source.height, source.width, 3, source.source);
  const auto channels = static_cast<std::size_t>(source.channels);
  const std::size_t colours = source.has_alpha() ? channels - 1 : channels;
  image::visit_samples(source, [&]<class T>(std::span<const T> from) {
    T least{};
    T most{};
    if constexpr (!std::is_same_v<T, std::uint8_t>) {
      const auto [low, high] = std::minmax_element(from.begin(), from.end());
      least = *low;
      most = *high;
    }
    std::uint8_t* to = result.values<std::uint8_t>().data();
    for (std::size_t i = 0; i < from.size(); i += channels) {
      for (std::size_t c = 0; c < 3; ++c) {
        const T sample = from[i + std::min(c, colours - 1)];
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          *to++ = sample;
        } else {
          *to++ = stretch(sample, least, most);
        }
      }
    }
  });
  return result;
}

image::Image to_display(const engine::Tensor& input) {
  const engine::Dims& dims = input.dims();
  image::Image picture = image::make_image<float>(dims[2], dims[3], dims[1] == 3 ? 3 : 1, "input");
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::span<float> samples = picture.values<float>();
  const std::size_t pixels = samples.size() / channels;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = input.data()[i % channels * pixels + i / channels];
  }
  return to_display(picture);
}

image::Image fit(const image::Image& rgb, image::Size size) {
  image::Image result = image::make_image<std::uint8_t>(size.height, size.width, 3, rgb.source);
  const std::span<const std::uint8_t> from = rgb.values<std::uint8_t>();
  const auto begin = [](std::int64_t i, std::int64_t n, std::int64_t m) { return i * n / m; };
  for (std::int64_t y = 0; y < size.height; ++y) {
    const std::int64_t y0 = begin(y, rgb.height, size.height);
    const std::int64_t y1 = std::max(y0 + 1, begin(y + 1, rgb.height, size.height));
    for (std::int64_t x = 0; x < size.width; ++x) {
      const std::int64_t x0 = begin(x, rgb.width, size.width);
      const std::int64_t x1 = std::max(x0 + 1, begin(x + 1, rgb.width, size.width));
      std::array<std::int64_t, 3> sums{};
      for (std::int64_t row = y0; row < y1; ++row) {
        for (std::int64_t column = x0; column < x1; ++column) {
          const auto at = static_cast<std::size_t>((row * rgb.width + column) * 3);
          for (std::size_t c = 0; c < 3; ++c) sums[c] += from[at + c];
        }
      }
      const std::int64_t count = (y1 - y0) * (x1 - x0);
      std::uint8_t* to = pixel_of(result, y, x);
      for (std::size_t c = 0; c < 3; ++c) {
        to[c] = static_cast<std::uint8_t>((2 * sums[c] + count) / (2 * count));
      }
    }
  }
  return result;
}

image::Size panel_size(image::Size source, std::int64_t least, std::int64_t most) {
  const std::int64_t longer = std::max(source.height, source.width);
  if (longer > most) {
    const auto scaled = [&](std::int64_t side) {
      return std::max<std::int64_t>(1, (2 * side * most + longer) / (2 * longer));
    };
    return {scaled(source.height), scaled(source.width)};
  }
  const std::int64_t factor = longer < least ? (least + longer - 1) / longer : 1;
  return {source.height * factor, source.width * factor};
}

image::Image blend(const image::Image& rgb, const SaliencyMap& map, const Projection& projection,
                   const MapStyle& style) {
  image::Image result = image::make_image_like(rgb, rgb.height, rgb.width, 3);
  std::ranges::copy(rgb.values<std::uint8_t>(), result.values<std::uint8_t>().begin());
  for_each_value(map, projection, {rgb.height, rgb.width},
                 [&](std::int64_t y, std::int64_t x, double v) {
                   const Colour colour = style.colours->at(v);
                   const double opacity = style.alpha * v;
                   std::uint8_t* pixel = pixel_of(result, y, x);
                   const auto mix = [&](std::uint8_t& under, std::uint8_t over) {
                     const double p = under;
                     under = static_cast<std::uint8_t>(std::floor(p + (over - p) * opacity + 0.5));
                   };
                   mix(pixel[0], colour.red);
                   mix(pixel[1], colour.green);
                   mix(pixel[2], colour.blue);
                 });
  return result;
}

image::Image colours_of(const SaliencyMap& map, const Projection& projection, image::Size size,
                        const MapStyle& style) {
  Canvas canvas(size.height, size.width, kNoMap);
  if (summarize(map).state == MapState::kPositive) {
    for_each_value(map, projection, size, [&](std::int64_t y, std::int64_t x, double v) {
      canvas.set(y, x, style.colours->at(v));
    });
  }
  return std::move(canvas).take();
}

image::Image overlay_picture(const image::Image& display, const SaliencyMap& map,
                             const Projection& projection, const MapStyle& style,
                             const MapText& text) {
  const MapSummary summary = summarize(map);
  const bool shown = summary.state == MapState::kPositive;
  const std::int64_t scale =
      std::max<std::int64_t>(1, std::min(display.height, display.width) / 400);
  const std::vector<std::string> lines = lines_of(map, text.lines);
  const std::int64_t gap = 4 * scale;
  const std::int64_t bar = 12 * scale;
  const std::string most = short_text(summary.most);
  const std::int64_t label = text_width(most, scale);
  const std::int64_t width =
      std::max(display.width + 3 * gap + bar + label, widest(lines, scale) + 2 * gap);
  const std::int64_t bar_height = std::max(display.height, 3 * kGlyphHeight * scale);
  const std::int64_t text_top = bar_height + gap;
  Canvas canvas(text_top + static_cast<std::int64_t>(lines.size()) * kGlyphLine * scale + gap,
                width, kPaper);
  canvas.paste(blend(display, map, projection, style), 0, 0);
  if (shown) {
    const std::int64_t left = display.width + gap;
    draw_bar(canvas, 0, left, bar_height, bar, *style.colours);
    canvas.text(most, 0, left + bar + gap, kInk, scale);
    canvas.text("0", bar_height - kGlyphHeight * scale, left + bar + gap, kInk, scale);
  }
  draw_lines(canvas, lines, text_top, gap, scale, !shown);
  return std::move(canvas).take();
}

image::Image panel_picture(const image::Image& display, std::span<const PanelItem> items,
                           const std::vector<std::string>& source_lines, const MapStyle& style) {
  constexpr std::int64_t kLeast = 192;
  constexpr std::int64_t kMost = 640;
  constexpr std::int64_t kGap = 8;
  const image::Size size = panel_size({display.height, display.width}, kLeast, kMost);
  const image::Image small = fit(display, size);

  // Columns: a picture and the text below it. A map's text spans its two pictures.
  std::vector<std::vector<std::string>> texts{source_lines};
  std::vector<std::int64_t> widths{std::max(size.width, widest(source_lines, 1))};
  std::size_t most_lines = source_lines.size();
  for (const PanelItem& item : items) {
    texts.push_back(lines_of(*item.map, item.lines));
    widths.push_back(std::max(2 * size.width + kGap, widest(texts.back(), 1)));
    most_lines = std::max(most_lines, texts.back().size());
  }
  std::int64_t width = kGap;
  for (const std::int64_t part : widths) width += part + 2 * kGap;
  const std::int64_t bar_width = 12 + kGap + text_width("max") + kGap;
  const std::int64_t text_top = kGap + size.height + 4;
  Canvas canvas(text_top + static_cast<std::int64_t>(most_lines) * kGlyphLine + kGap,
                width + bar_width, kPaper);

  std::int64_t left = kGap;
  canvas.paste(small, kGap, left);
  draw_lines(canvas, texts[0], text_top, left, 1, false);
  left += widths[0] + 2 * kGap;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const PanelItem& item = items[i];
    const bool shown = summarize(*item.map).state == MapState::kPositive;
    canvas.paste(colours_of(*item.map, *item.projection, size, style), kGap, left);
    canvas.paste(blend(small, *item.map, *item.projection, style), kGap, left + size.width + kGap);
    draw_lines(canvas, texts[i + 1], text_top, left, 1, !shown);
    left += widths[i + 1] + 2 * kGap;
  }
  draw_bar(canvas, kGap, left, size.height, 12, *style.colours);
  canvas.text("max", kGap, left + 12 + kGap, kInk);
  canvas.text("0", kGap + size.height - kGlyphHeight, left + 12 + kGap, kInk);
  return std::move(canvas).take();
}

}  // namespace apatite::gradcam
