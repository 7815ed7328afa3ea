#include "engine/graph/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/map_parameters.h"

namespace apatite::engine {
namespace {

TEST(FoldBatchNorm, RoundsEachNumberOnceFromBinary64) {
  int twice_rounded_differs = 0;
  for (int i = 1; i <= 100; ++i) {
    const float gamma = 1.1F;
    const float beta = -0.3F;
    const float mean = 0.07F * static_cast<float>(i);
    const float variance = 0.9F;
    const auto affine =
        fold_batch_norm<float>(filled({1}, gamma), filled({1}, beta), filled({1}, mean),
                               filled({1}, variance), 1e-5, "bn");
    const double scale = double{gamma} / std::sqrt(double{variance} + 1e-5);
    EXPECT_EQ(affine.scale[0], static_cast<float>(scale));
    EXPECT_EQ(affine.shift[0], static_cast<float>(double{beta} - double{mean} * scale));
    const double from_rounded = double{beta} - double{mean} * double{affine.scale[0]};
    twice_rounded_differs += affine.shift[0] != static_cast<float>(from_rounded) ? 1 : 0;
  }
  EXPECT_GT(twice_rounded_differs, 0) << "the test must tell the two apart";
}

TEST(FoldBatchNorm, RefusesAVarianceThatIsNotPositive) {
  try {
    fold_batch_norm<float>(filled({2}, 1), filled({2}, 0), filled({2}, 0), filled({2}, -1), 1e-5,
                           "layer1.0.bn1");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNumeric);
    EXPECT_EQ(std::string(error.what()),
              "layer1.0.bn1: running_var + epsilon is -0.99999 in channel 0; "
              "a variance must not be negative");
  }
}

TEST(FoldBatchNorm, RefusesAnOverflow) {
  EXPECT_THROW(fold_batch_norm<float>(filled({1}, 3e38F), filled({1}, 0), filled({1}, 0),
                                      filled({1}, 1e-10F), 0.0, "bn"),
               Error);
}

}  // namespace
}  // namespace apatite::engine
