// What a golden keeps of a tensor (tests/goldens/checks.py computes the same).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "base/json.h"
#include "base/text.h"

namespace apatite {

// Empty if `values` have the golden's sums: the plain sum, the one weighted by -50 .. 50 (a swap or
// a transposition changes it), the sum of magnitudes; each to `tolerance` relative to the terms.
inline std::string golden_difference(const Json& golden, std::span<const double> values,
                                     double tolerance) {
  double sum = 0;
  double weighted = 0;
  double absolute = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto weight = static_cast<double>(static_cast<std::int64_t>(i * 7919 % 101) - 50);
    sum += values[i];
    weighted += values[i] * weight;
    absolute += std::abs(values[i]);
  }
  const auto differs = [&](const char* key, double value, double size) {
    const double expected = golden.at(key).get<double>();
    if (std::abs(value - expected) <= tolerance * size) return std::string();
    return std::string(key) + " is " + to_text(value) + ", not " + to_text(expected) + "; ";
  };
  const double size = golden.at("absolute").get<double>();
  return differs("sum", sum, size) + differs("weighted", weighted, 50 * size) +
         differs("absolute", absolute, size);
}

}  // namespace apatite
