#include "image/pixels/box.h"

#include <algorithm>
#include <utility>

namespace apatite::image {
namespace {

// The first pixel and the number of pixels along one side.
using Side = std::pair<std::int64_t, std::int64_t>;

// The pixels of `pixels` whose middle lies in [begin, end).
Side side_within(std::int64_t pixels, double begin, double end) {
  const auto inside = [&](std::int64_t pixel) {
    const double middle = static_cast<double>(pixel) + 0.5;
    return middle >= begin && middle < end;
  };
  std::int64_t first = 0;
  while (first < pixels && !inside(first)) ++first;
  std::int64_t last = first;
  while (last < pixels && inside(last)) ++last;
  return {first, last - first};
}

Side common_side(std::int64_t begin, std::int64_t end, std::int64_t pixels) {
  return begin < end ? Side{begin, end - begin} : Side{pixels, 0};
}

Box box_of(Side rows, Side columns) {
  return {rows.first, columns.first, {rows.second, columns.second}};
}

}  // namespace

Box pixels_within(Size picture, double top, double left, double bottom, double right) {
  return box_of(side_within(picture.height, top, bottom), side_within(picture.width, left, right));
}

Box intersection(const Box& a, const Box& b, Size picture) {
  return box_of(
      common_side(std::max(a.top, b.top), std::min(a.bottom(), b.bottom()), picture.height),
      common_side(std::max(a.left, b.left), std::min(a.right(), b.right()), picture.width));
}

}  // namespace apatite::image
