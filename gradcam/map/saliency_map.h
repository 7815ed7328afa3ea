// A saliency map shows what a decision rests on. It holds one number per cell of a layer, or per
// pixel of the network's input.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/graph/tensor.h"

namespace apatite::gradcam {

// The value of cell (y, x) is values[y * width + x]: binary64, finite, never -0. It is negative
// where the cell lowers the score.
struct SaliencyMap {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> values;

  [[nodiscard]] double at(std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>(y * width + x)];
  }
};

// What can be shown of a map. A map that is not kPositive has no positive value to normalise by. It
// is described in words and never stretched to the range of the colours.
enum class MapState {
  kPositive,         // somewhere above zero, and not the same everywhere
  kFlat,             // one value everywhere
  kNowherePositive,  // no value above zero, and not the same everywhere
};

// "positive", "flat", "nowhere positive".
std::string_view name_of(MapState state);
// What it means, as a sentence without its full stop; empty for kPositive.
std::string_view explanation_of(MapState state);

struct MapSummary {
  MapState state = MapState::kFlat;
  double least = 0;
  double most = 0;
  // Sum of the positive values over the sum of all magnitudes, in row-major order; 0 if all are 0.
  double positive_share = 0;
};

MapSummary summarize(const SaliencyMap& map);

// The map with every negative value replaced by 0, which is what the papers of the methods show.
SaliencyMap positive_part(const SaliencyMap& map);

// The values in [0, 1]: v <= 0 becomes 0, the largest becomes 1 (v / largest, one rounding).
// All 0 for a map that is not kPositive.
SaliencyMap normalized(const SaliencyMap& map);

// height x width, each value rounded once to binary32; for .npy files.
engine::Tensor to_tensor(const SaliencyMap& map);

}  // namespace apatite::gradcam
