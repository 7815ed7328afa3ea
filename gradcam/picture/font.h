// Letters as pixels.
#pragma once

#include <array>
#include <cstdint>

namespace apatite::gradcam {

inline constexpr std::int64_t kGlyphWidth = 6;
inline constexpr std::int64_t kGlyphHeight = 13;
inline constexpr std::int64_t kGlyphLine = 15;  // from one line to the next

// Rows from the top; bit 5 is the leftmost pixel.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

// Of an ASCII character; every other byte looks like '?'.
const Glyph& glyph(char character);

}  // namespace apatite::gradcam
