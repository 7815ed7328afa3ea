// The goldens of tests/goldens/gradcam and the seeded maps that they were made from.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "gradcam/map/saliency_map.h"
#include "tests/support/source_dir.h"

namespace apatite::gradcam {

inline Json golden_file(const std::string& name) {
  const auto path = source_dir() / "tests" / "goldens" / "gradcam" / name;
  return parse_json(read_file(path, 1U << 20U), name);
}

inline std::vector<double> symmetric_numbers(std::uint64_t seed, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(random_symmetric(seed, static_cast<std::uint64_t>(i)));
  }
  return values;
}

inline SaliencyMap symmetric_map(std::uint64_t seed, std::int64_t height, std::int64_t width) {
  return {height, width, symmetric_numbers(seed, height * width)};
}

// Every value within `tolerance` times the largest magnitude, which must not be 0.
inline void expect_near(const std::vector<double>& expected, const std::vector<double>& actual,
                        double tolerance) {
  ASSERT_EQ(expected.size(), actual.size());
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 0.0);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_LE(std::abs(expected[i] - actual[i]), tolerance * largest) << i;
  }
}

}  // namespace apatite::gradcam
