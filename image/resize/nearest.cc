#include "image/resize/nearest.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace apatite::image {
namespace {

using Index = std::int64_t;

// The source position of every output position.
using Positions = std::vector<Index>;
using MakePositions = Positions (*)(Index in, Index out);

Positions pillow_positions(Index in, Index out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  double position = scale * 0.5;
  Positions positions;
  for (Index i = 0; i < out; ++i, position += scale) {
    positions.push_back(std::min(static_cast<Index>(position), in - 1));
  }
  return positions;
}

Positions pillow_positions_16(Index in, Index out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  Positions positions;
  for (Index i = 0; i < out; ++i) {
    const double position = scale * (static_cast<double>(i) + 0.5);
    positions.push_back(std::min(static_cast<Index>(position), in - 1));
  }
  return positions;
}

// `shift`: of the output position, in pixels.
Positions torch_positions(Index in, Index out, float shift) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  Positions positions;
  for (Index i = 0; i < out; ++i) {
    const float position = std::floor((static_cast<float>(i) + shift) * scale);
    positions.push_back(std::min(static_cast<Index>(position), in - 1));
  }
  return positions;
}

Positions torch_nearest_positions(Index in, Index out) {
  Positions positions = torch_positions(in, out, 0.0F);
  if (out == 2 * in) {
    for (Index i = 0; i < out; ++i) positions[static_cast<std::size_t>(i)] = i / 2;
  }
  return positions;
}

Positions torch_nearest_exact_positions(Index in, Index out) {
  return torch_positions(in, out, 0.5F);
}

Image resize(const Image& image, MakePositions make_positions, Index height, Index width) {
  const Positions rows = make_positions(image.height, height);
  const Positions columns = make_positions(image.width, width);
  Image result = make_image_like(image, height, width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    T* to = result.values<T>().data();
    for (const Index y : rows) {
      const T* row = from.data() + y * image.width * image.channels;
      for (const Index x : columns) {
        to = std::copy_n(row + x * image.channels, image.channels, to);
      }
    }
  });
  return result;
}

}  // namespace

Image resize_pillow_nearest(const Image& image, std::int64_t height, std::int64_t width) {
  const bool is_16_bit = image.bit_depth() == 16;
  return resize(image, is_16_bit ? pillow_positions_16 : pillow_positions, height, width);
}

Image resize_torch_nearest(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, torch_nearest_positions, height, width);
}

Image resize_torch_nearest_exact(const Image& image, std::int64_t height, std::int64_t width) {
  return resize(image, torch_nearest_exact_positions, height, width);
}

}  // namespace apatite::image
