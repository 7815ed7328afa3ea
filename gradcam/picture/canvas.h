// An 8-bit RGB picture to draw on. Drawing is clipped at the edges.
#pragma once

#include <cstdint>
#include <string_view>

#include "image/pixels/image.h"

namespace apatite::gradcam {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  bool operator==(const Colour&) const = default;
};

inline constexpr Colour kPureBlack{0, 0, 0};
inline constexpr Colour kPureWhite{255, 255, 255};

class Canvas {
 public:
  // Throws Error (kBadFile) as make_image does if it is too large.
  Canvas(std::int64_t height, std::int64_t width, Colour background);

  [[nodiscard]] std::int64_t height() const { return image_.height; }
  [[nodiscard]] std::int64_t width() const { return image_.width; }
  [[nodiscard]] const image::Image& image() const { return image_; }
  [[nodiscard]] image::Image take() && { return std::move(image_); }

  void set(std::int64_t y, std::int64_t x, Colour colour);
  void fill(std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width,
            Colour colour);
  // Copies an 8-bit RGB image; its upper left corner goes to (top, left).
  void paste(const image::Image& rgb, std::int64_t top, std::int64_t left);
  // Writes one line; each pixel of the font (font.h) becomes `scale` pixels wide and high.
  void text(std::string_view line, std::int64_t top, std::int64_t left, Colour colour,
            std::int64_t scale = 1);

 private:
  image::Image image_;
};

std::int64_t text_width(std::string_view line, std::int64_t scale = 1);

}  // namespace apatite::gradcam
