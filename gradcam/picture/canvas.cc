#include "gradcam/picture/canvas.h"

#include <algorithm>

#include "gradcam/picture/font.h"

namespace apatite::gradcam {

Canvas::Canvas(std::int64_t height, std::int64_t width, Colour background)
    : image_(image::make_image<std::uint8_t>(height, width, 3, "picture")) {
  fill(0, 0, height, width, background);
}

void Canvas::set(std::int64_t y, std::int64_t x, Colour colour) {
  if (y < 0 || y >= height() || x < 0 || x >= width()) return;
  std::uint8_t* pixel = image_.values<std::uint8_t>().data() + (y * width() + x) * 3;
  pixel[0] = colour.red;
  pixel[1] = colour.green;
  pixel[2] = colour.blue;
}

void Canvas::fill(std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width,
                  Colour colour) {
  for (std::int64_t y = std::max<std::int64_t>(top, 0); y < std::min(top + height, this->height());
       ++y) {
    for (std::int64_t x = std::max<std::int64_t>(left, 0);
         x < std::min(left + width, this->width()); ++x) {
      set(y, x, colour);
    }
  }
}

void Canvas::paste(const image::Image& rgb, std::int64_t top, std::int64_t left) {
  const std::uint8_t* from = rgb.values<std::uint8_t>().data();
  for (std::int64_t y = 0; y < rgb.height; ++y) {
    for (std::int64_t x = 0; x < rgb.width; ++x, from += 3) {
      set(top + y, left + x, {from[0], from[1], from[2]});
    }
  }
}

void Canvas::text(std::string_view line, std::int64_t top, std::int64_t left, Colour colour,
                  std::int64_t scale) {
  for (const char character : line) {
    const Glyph& rows = glyph(character);
    for (std::int64_t y = 0; y < kGlyphHeight; ++y) {
      for (std::int64_t x = 0; x < kGlyphWidth; ++x) {
        const bool ink = (rows[static_cast<std::size_t>(y)] >> (kGlyphWidth - 1 - x) & 1) != 0;
        if (ink) fill(top + y * scale, left + x * scale, scale, scale, colour);
      }
    }
    left += kGlyphWidth * scale;
  }
}

std::int64_t text_width(std::string_view line, std::int64_t scale) {
  return static_cast<std::int64_t>(line.size()) * kGlyphWidth * scale;
}

}  // namespace apatite::gradcam
