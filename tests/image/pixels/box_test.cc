#include "image/pixels/box.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace apatite::image {
namespace {

TEST(Box, HoldsThePixelsWhoseMiddlesAreInside) {
  EXPECT_EQ(pixels_within({4, 6}, 0, 0, 4, 6), (Box{0, 0, {4, 6}}));
  EXPECT_EQ(pixels_within({4, 6}, -3, -1, 9, 7), (Box{0, 0, {4, 6}}));
  // A middle on the first edge belongs to the box, one on the last does not.
  EXPECT_EQ(pixels_within({4, 6}, 1.5, 2.75, 3.5, 4.75), (Box{1, 3, {2, 2}}));
}

TEST(Box, IsEmptyWhereNoMiddleIsInside) {
  EXPECT_EQ(pixels_within({4, 6}, 1.625, 0, 2.375, 6), (Box{4, 0, {0, 6}}));
  EXPECT_EQ(pixels_within({4, 6}, 5, 8, 7, 9), (Box{4, 6, {0, 0}}));
  EXPECT_TRUE(pixels_within({4, 6}, 5, 0, 7, 6).empty());
  EXPECT_FALSE(pixels_within({4, 6}, 0, 0, 1, 1).empty());
}

// The common part of two boxes is the box of the common part of their edges.
TEST(Box, IntersectsAsItsEdgesDo) {
  const Size picture{4, 3};
  for (double top = -1; top < 4; top += 0.75) {
    for (double bottom = -1; bottom < 5; bottom += 0.75) {
      const Box a = pixels_within(picture, top, 0, bottom, 2);
      const Box b = pixels_within(picture, 1, 1, 3, 3);
      const Box both = pixels_within(picture, std::max(top, 1.0), 1, std::min(bottom, 3.0), 2);
      EXPECT_EQ(intersection(a, b, picture), both) << top << " " << bottom;
      EXPECT_EQ(intersection(b, a, picture), both) << top << " " << bottom;
    }
  }
  EXPECT_EQ(intersection({0, 0, {2, 3}}, {2, 0, {2, 3}}, picture), (Box{4, 0, {0, 3}}));
}

}  // namespace
}  // namespace apatite::image
