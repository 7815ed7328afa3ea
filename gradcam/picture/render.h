// Draws a map: blended over its source, alone, and several maps side by side.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gradcam/map/projection.h"
#include "gradcam/map/saliency_map.h"
#include "gradcam/picture/colour_map.h"
#include "image/pixels/image.h"

namespace apatite::gradcam {

// The source as 8-bit RGB. 8-bit samples stay as they are; grey is repeated in all channels, and
// alpha is dropped. In 16-bit and binary32 images the range from the smallest to the largest sample
// is stretched to 0 .. 255, rounded half up.
image::Image to_display(const image::Image& source);

// A network's input (1 x C x H x W) as such a picture. If it has three channels, each is stretched
// by itself.
image::Image to_display(const engine::Tensor& input);

// An 8-bit RGB picture in another size. Row r of the result is the mean of the rows from
// floor(r * H / h) to before floor((r + 1) * H / h), of one row at least, rounded half up; the
// columns follow the same rule. So the pixels of a small picture become blocks, and a large one is
// averaged.
image::Image fit(const image::Image& rgb, image::Size size);

// The largest size with the proportions of `source` whose longer side is at most `most`. If the
// longer side of `source` is below `least`, the size is a whole multiple of it instead.
image::Size panel_size(image::Size source, std::int64_t least, std::int64_t most);

struct MapStyle {
  const ColourMap* colours = &colour_maps().front();
  // Opacity of the colours where the map is largest, in [0, 1]; elsewhere it is alpha * v, where v
  // is the normalised value.
  double alpha = 0.6;
};

// `rgb` shows the whole source in any size. Each pixel of it in Projection::covered becomes
// floor(p + (colour(v) - p) * (alpha * v) + 0.5), where v is the normalised map at its middle. So
// the source stays as it is where there is no evidence, and everywhere for a map that is not
// kPositive.
image::Image blend(const image::Image& rgb, const SaliencyMap& map, const Projection& projection,
                   const MapStyle& style);

// The colours of the map without the source; grey where there is no map.
image::Image colours_of(const SaliencyMap& map, const Projection& projection, image::Size size,
                        const MapStyle& style);

// The text beside a map.
struct MapText {
  std::vector<std::string> lines;  // below it
};

// blend() at the source's resolution, with the source's pixels in their places from the upper left
// corner on. On the right is a bar from 0 to the map's largest value, below are the lines of text.
// A map that is not kPositive has no colours and no bar; a line says what it is instead.
image::Image overlay_picture(const image::Image& display, const SaliencyMap& map,
                             const Projection& projection, const MapStyle& style,
                             const MapText& text);

// One map of a panel. `projection` and `map` must outlive the call.
struct PanelItem {
  const SaliencyMap* map = nullptr;
  const Projection* projection = nullptr;
  std::vector<std::string> lines;
};

// Draws in a row the source, then each item's map and its overlay, with the lines below, and one
// bar from 0 to "max", because each map has its own range.
image::Image panel_picture(const image::Image& display, std::span<const PanelItem> items,
                           const std::vector<std::string>& source_lines, const MapStyle& style);

}  // namespace apatite::gradcam
