// Comparisons that a single wrong element cannot pass.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "base/text.h"

namespace apatite {

// Empty if `actual` equals `expected` bit for bit (so +0 and -0 differ, and NaN has its payload),
// else what differs first and how often.
inline std::string bit_difference(std::span<const float> expected, std::span<const float> actual) {
  if (expected.size() != actual.size()) {
    return "has " + std::to_string(actual.size()) + " values, not " +
           std::to_string(expected.size());
  }
  std::size_t first = expected.size();
  std::size_t count = 0;
  for (std::size_t i = expected.size(); i-- > 0;) {
    if (std::memcmp(&expected[i], &actual[i], sizeof(float)) == 0) continue;
    first = i;
    ++count;
  }
  if (count == 0) return {};
  const auto shown = [](float x) { return (std::signbit(x) ? "-" : "+") + to_text(std::abs(x)); };
  return std::to_string(count) + " of " + std::to_string(expected.size()) +
         " values differ; the first, number " + std::to_string(first) + ", is " +
         shown(actual[first]) + ", not " + shown(expected[first]);
}

// Empty if |actual - expected| <= bound for every element, else the worst. A NaN is never within.
inline std::string bound_violation(std::span<const double> expected, std::span<const double> bound,
                                   std::span<const float> actual) {
  if (expected.size() != actual.size() || bound.size() != actual.size()) return "sizes differ";
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
    if (error <= bound[i]) continue;
    return "value " + std::to_string(i) + " is " + to_text(actual[i]) + ", not " +
           to_text(expected[i]) + ": off by " + to_text(error) + ", the bound is " +
           to_text(bound[i]);
  }
  return {};
}

}  // namespace apatite
