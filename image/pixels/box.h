// The size of a picture and a rectangle of its pixels: the one type for each.
#pragma once

#include <cstdint>

namespace apatite::image {

// In pixels (or in the cells of a map).
struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;
  bool operator==(const Size&) const = default;
};

// The pixels in rows [top, bottom()) and columns [left, right()). An empty box has a size of 0.
struct Box {
  std::int64_t top = 0;
  std::int64_t left = 0;
  Size size;
  [[nodiscard]] std::int64_t bottom() const { return top + size.height; }
  [[nodiscard]] std::int64_t right() const { return left + size.width; }
  [[nodiscard]] bool empty() const { return size.height == 0 || size.width == 0; }
  bool operator==(const Box&) const = default;
};

// The pixels of a picture of `picture` whose middles lie in y in [top, bottom) and x in [left,
// right), in continuous coordinates: pixel i covers [i, i + 1). A side without such a pixel starts
// at the picture's end and has length 0.
Box pixels_within(Size picture, double top, double left, double bottom, double right);

// The pixels that two boxes of a picture of `picture` have in common. A side without such a pixel
// starts at the picture's end and has length 0, as above.
Box intersection(const Box& a, const Box& b, Size picture);

}  // namespace apatite::image
