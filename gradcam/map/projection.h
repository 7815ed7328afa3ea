// Where the cells of a map lie in the picture that the network's input was made from.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "gradcam/map/resample.h"
#include "gradcam/map/saliency_map.h"
#include "image/recipe/geometry_step.h"

namespace apatite::gradcam {

// Leads from the cells of a map back to the pixels of the picture. The cells divide the network's
// input evenly, whatever the strides and paddings between the input and the layer are; all
// implementations of Grad-CAM do so. Of m cells over an input of size n, cell i covers
// [i, i + 1) * n / m.
class Projection {
 public:
  // The map and the part are those of Recipe::pixel_map and Recipe::visible_part. Without a part,
  // the whole source is visible.
  Projection(image::Size source, image::Size input, const image::PixelMap& input_to_source);
  Projection(image::Size source, image::Size input, const image::PixelMap& input_to_source,
             const image::Box& visible);

  [[nodiscard]] image::Size source() const { return source_; }
  [[nodiscard]] image::Size input() const { return input_; }

  // The pixels of the source whose middle lies in the input (image::pixels_within). The others were
  // cropped away, and no map says anything about them. May be empty.
  [[nodiscard]] image::Box covered() const { return covered_; }

  // Turns a row (column) coordinate of the source into the position in a map of `cells` rows
  // (columns): ((source - offset) / scale) * cells / n, in binary64, in this order.
  [[nodiscard]] double map_row(double source_y, std::int64_t cells) const;
  [[nodiscard]] double map_column(double source_x, std::int64_t cells) const;

  // Where the middle of map cell (y, x) lies in the source.
  [[nodiscard]] double source_row(double map_y, std::int64_t cells) const;
  [[nodiscard]] double source_column(double map_x, std::int64_t cells) const;

  // The value of the map, by resample.h, at the middle of every pixel of the source; 0 outside
  // covered().
  [[nodiscard]] SaliencyMap to_source(const SaliencyMap& map) const;

  // source and input sizes, input_to_source, covered.
  [[nodiscard]] Json to_json() const;
  // y_source = offset_y + scale_y * y for a map of this size, and x alike.
  [[nodiscard]] Json map_to_source_json(std::int64_t height, std::int64_t width) const;

 private:
  image::Size source_;
  image::Size input_;
  image::PixelMap map_;
  image::Box covered_;
};

}  // namespace apatite::gradcam
