// Turns a number in [0, 1] into a colour.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "gradcam/picture/canvas.h"

namespace apatite::gradcam {

struct ColourMap {
  std::string_view name;         // "viridis"
  std::string_view description;  // one line
  std::array<Colour, 256> colours;

  // The colour of v in [0, 1]: colours[min(floor(256 * v), 255)].
  [[nodiscard]] Colour at(double v) const;
};

// viridis (the default), inferno, turbo, jet.
std::span<const ColourMap> colour_maps();

// Finds a colour map by name. Throws Error (kUsage), which names all of them, if there is none.
const ColourMap& find_colour_map(std::string_view name);

}  // namespace apatite::gradcam
