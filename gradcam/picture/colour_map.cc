#include "gradcam/picture/colour_map.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "gradcam/picture/colour_tables.h"

namespace apatite::gradcam {
namespace {

constexpr std::uint8_t digit(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

ColourMap from_table(std::string_view name, std::string_view description, std::string_view table) {
  ColourMap map{name, description, {}};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint8_t>(digit(table[2 * i]) * 16 + digit(table[2 * i + 1]));
  };
  for (std::size_t i = 0; i < map.colours.size(); ++i) {
    map.colours[i] = {byte(3 * i), byte(3 * i + 1), byte(3 * i + 2)};
  }
  return map;
}

}  // namespace

Colour ColourMap::at(double v) const {
  const auto index = static_cast<std::int64_t>(256 * v);
  return colours[static_cast<std::size_t>(std::clamp<std::int64_t>(index, 0, 255))];
}

std::span<const ColourMap> colour_maps() {
  static const std::array<ColourMap, 4> all{
      from_table("viridis", "dark blue to yellow, even steps of lightness, for every eye",
                 kViridis),
      from_table("inferno", "black to pale yellow, even steps of lightness", kInferno),
      from_table("turbo", "a rainbow with fewer false edges", kTurbo),
      from_table("jet", "the rainbow of older papers, with false edges", kJet)};
  return all;
}

const ColourMap& find_colour_map(std::string_view name) {
  std::vector<std::string> names;
  for (const ColourMap& map : colour_maps()) {
    if (map.name == name) return map;
    names.emplace_back(map.name);
  }
  throw Error(ErrorKind::kUsage, "colour map", "there is no " + quote(name),
              "one of " + join(names));
}

}  // namespace apatite::gradcam
