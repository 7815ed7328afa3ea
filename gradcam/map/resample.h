// Samples a map between the middles of its cells. The results are defined to the bit.
//
// Coordinates are continuous: cell i covers [i, i + 1), and its value lies at its middle, i + 0.5.
// All arithmetic is binary64: every operation is rounded once, and fused multiply-add is not used.
#pragma once

#include <cstdint>
#include <vector>

#include "gradcam/map/saliency_map.h"

namespace apatite::gradcam {

// Where a position lies between two neighbouring cells: value = (1 - t) * v[low] + t * v[high].
struct Between {
  std::int64_t low = 0;
  std::int64_t high = 0;
  double t = 0;
};

// c = position - 0.5, cut to [0, cells - 1]; low = floor(c), high = min(low + 1, cells - 1),
// t = c - low. This is the half-pixel rule (align_corners=False of torch's interpolate). Beyond the
// middles of the outermost cells a map stays constant.
Between between(double position, std::int64_t cells);

// The value at a position, first along the rows: top = (1 - tx) * v[y0][x0] + tx * v[y0][x1],
// bottom likewise in row y1, then (1 - ty) * top + ty * bottom + 0. A factor 1 - t is rounded once.
double sample(const SaliencyMap& map, const Between& y, const Between& x);

// The values at the positions ys x xs, row by row.
SaliencyMap sample_grid(const SaliencyMap& map, const std::vector<Between>& ys,
                        const std::vector<Between>& xs);

// The map with another number of cells over the same area. An axis that grows, or keeps its length,
// is sampled at (i + 0.5) * cells / size. An axis that shrinks is averaged: output i is the sum, in
// ascending order, of v * w over the cells that [i, i + 1) * cells / size overlaps, divided by the
// sum of the w; w is the length of the overlap. Shrinking rows come first, then shrinking columns,
// then the sampling.
SaliencyMap resize(const SaliencyMap& map, std::int64_t height, std::int64_t width);

}  // namespace apatite::gradcam
