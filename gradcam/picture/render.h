// Pictures of a map: blended over its source, alone, and several side by side.
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

// The source as 8-bit RGB. 8-bit samples as they are (grey repeated, alpha dropped); of 16-bit and
// binary32 images the range from the least to the largest sample is stretched to 0 .. 255, rounded
// half up.
image::Image to_display(const image::Image& source);

// A .npy input (1 x C x H x W) as such a picture: per channel, if there are three.
image::Image to_display(const engine::Tensor& input);

// An 8-bit RGB picture in another size: pixel r averages the rows from floor(r * H / h) up to
// floor((r + 1) * H / h), at least one, and columns alike; rounded half up. So a small picture
// grows in blocks and a large one is averaged.
image::Image fit(const image::Image& rgb, image::Size size);

// The largest size of the same proportions whose longer side is at most `most`; one whose longer
// side is below `least` grows by a whole factor.
image::Size panel_size(image::Size source, std::int64_t least, std::int64_t most);

struct MapStyle {
  const ColourMap* colours = &colour_maps().front();
  // Of the map where it is largest; elsewhere alpha * v, v the normalised value. In [0, 1].
  double alpha = 0.6;
};

// `rgb` shows the whole source in any size. Each pixel of it in Projection::covered becomes
// floor(p + (colour(v) - p) * (alpha * v) + 0.5) with v the normalised map at its middle: a place
// without evidence, and all of a map that is not kPositive, shows the source as it is.
image::Image blend(const image::Image& rgb, const SaliencyMap& map, const Projection& projection,
                   const MapStyle& style);

// The colours alone; grey where there is no map.
image::Image colours_of(const SaliencyMap& map, const Projection& projection, image::Size size,
                        const MapStyle& style);

// What a picture says beside the map.
struct MapText {
  std::vector<std::string> lines;  // below it
};

// blend() at the source's resolution: its upper left part has the source's pixels in their places.
// To the right a bar from 0 to the map's largest value, below the lines. A map that is not
// kPositive has no colours and no bar: what it is stands below instead.
image::Image overlay_picture(const image::Image& display, const SaliencyMap& map,
                             const Projection& projection, const MapStyle& style,
                             const MapText& text);

// One map of a panel. `projection` and `map` must outlive the call.
struct PanelItem {
  const SaliencyMap* map = nullptr;
  const Projection* projection = nullptr;
  std::vector<std::string> lines;
};

// In a row: the source, then each item's map and its overlay, with the lines below and one bar from
// 0 to "max" (each map has its own range).
image::Image panel_picture(const image::Image& display, std::span<const PanelItem> items,
                           const std::vector<std::string>& source_lines, const MapStyle& style);

}  // namespace apatite::gradcam
