#include "image/recipe/pixel_step.h"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/op.h"

namespace apatite::image {
namespace {

PixelMap scaled(const PixelMap& map, Size from, Size to) {
  const auto ratio = [](std::int64_t a, std::int64_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
  };
  return {map.scale_y * ratio(from.height, to.height), map.offset_y,
          map.scale_x * ratio(from.width, to.width), map.offset_x};
}

// The pixel (0, 0) after the step is (top, left) before it.
PixelMap shifted(const PixelMap& map, std::int64_t top, std::int64_t left) {
  return {map.scale_y, map.offset_y + map.scale_y * static_cast<double>(top), map.scale_x,
          map.offset_x + map.scale_x * static_cast<double>(left)};
}

// The pixel (0, 0) after the step is the last one of its row before it.
PixelMap mirrored(const PixelMap& map, std::int64_t width) {
  return {map.scale_y, map.offset_y, -map.scale_x,
          map.offset_x + map.scale_x * static_cast<double>(width)};
}

// A recipe's number as a sample. Throws Error unless the type has it.
template <class T>
T to_sample(double value, std::string_view where) {
  const auto sample = [&] {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(value);
    } else {
      const bool fits = value >= 0 && value <= std::numeric_limits<T>::max();
      return fits ? static_cast<T>(value) : T{0};
    }
  }();
  if (static_cast<double>(sample) != value) {
    throw Error(ErrorKind::kBadFile, where,
                "has " + to_text(std::int64_t{8 * sizeof(T)}) +
                    "-bit samples, which cannot hold the recipe's padding value " + to_text(value));
  }
  return sample;
}

Image crop(const Image& image, const Crop& step) {
  Image result = make_image_like(image, step.size.height, step.size.width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    const std::int64_t length = step.size.width * image.channels;
    for (std::int64_t y = 0; y < step.size.height; ++y) {
      const T* row = from.data() + ((step.top + y) * image.width + step.left) * image.channels;
      std::copy_n(row, length, to.data() + y * length);
    }
  });
  return result;
}

Image pad(const Image& image, const Pad& step) {
  const Size size = output_size(step, {image.height, image.width}, image.source);
  Image result = make_image_like(image, size.height, size.width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    std::fill(to.begin(), to.end(), to_sample<T>(step.value, image.source));
    const std::int64_t length = image.width * image.channels;
    for (std::int64_t y = 0; y < image.height; ++y) {
      T* row = to.data() + ((step.top + y) * size.width + step.left) * image.channels;
      std::copy_n(from.data() + y * length, length, row);
    }
  });
  return result;
}

Image mirror(const Image& image) {
  Image result = make_image_like(image, image.height, image.width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    T* to = result.values<T>().data();
    for (std::int64_t y = 0; y < image.height; ++y) {
      const T* row = from.data() + y * image.width * image.channels;
      for (std::int64_t x = image.width - 1; x >= 0; --x) {
        to = std::copy_n(row + x * image.channels, image.channels, to);
      }
    }
  });
  return result;
}

Image copy(const Image& image) { return crop(image, Crop{{0, 0, {image.height, image.width}}}); }

}  // namespace

Size output_size(const PixelStep& step, Size input, std::string_view where) {
  return std::visit(
      engine::Overloaded{
          [&](const ResizeTo& s) { return s.size; },
          [&](const Crop& s) {
            if (s.top + s.size.height > input.height || s.left + s.size.width > input.width) {
              throw Error(ErrorKind::kBadFile, where,
                          "has " + size_text(input) + " where the recipe crops " +
                              size_text(s.size) + " from row " + to_text(s.top) + ", column " +
                              to_text(s.left),
                          "resize or pad before the crop");
            }
            return s.size;
          },
          [&](const Pad& s) {
            return Size{s.top + input.height + s.bottom, s.left + input.width + s.right};
          },
          [&](const Mirror&) { return input; },
      },
      step);
}

PixelMap after_step(const PixelMap& map, const PixelStep& step, Size input) {
  return std::visit(
      engine::Overloaded{
          [&](const ResizeTo& s) { return scaled(map, input, s.size); },
          [&](const Crop& s) { return shifted(map, s.top, s.left); },
          [&](const Pad& s) { return shifted(map, -s.top, -s.left); },
          [&](const Mirror& s) { return s.mirrored ? mirrored(map, input.width) : map; },
      },
      step);
}

Image apply_step(const PixelStep& step, const Image& image) {
  const Size size = output_size(step, {image.height, image.width}, image.source);
  return std::visit(
      engine::Overloaded{
          [&](const ResizeTo& s) { return s.method->resize(image, size.height, size.width); },
          [&](const Crop& s) { return crop(image, s); },
          [&](const Pad& s) { return pad(image, s); },
          [&](const Mirror& s) { return s.mirrored ? mirror(image) : copy(image); },
      },
      step);
}

}  // namespace apatite::image
