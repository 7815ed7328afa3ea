// A font: letters made of pixels.
#pragma once

#include <array>
#include <cstdint>

namespace apatite::gradcam {

inline constexpr std::int64_t kGlyphWidth = 6;
inline constexpr std::int64_t kGlyphHeight = 13;
inline constexpr std::int64_t kGlyphLine = 15;  // from one line to the next

// The rows of a glyph from the top; bit 5 is the leftmost pixel.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

// The glyph of an ASCII character; every other byte gets that of '?'.
const Glyph& glyph(char character);

}  // namespace apatite::gradcam
