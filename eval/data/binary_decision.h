// From a score to a binary decision: positive or negative at a threshold.
#pragma once

#include <string_view>

namespace apatite::eval {

// Which scores are positive at a threshold: those above it, or those above it and equal to it.
enum class ThresholdOperator { kGreater, kGreaterOrEqual };

std::string_view symbol(ThresholdOperator comparison);  // ">" or ">="
// Reads ">" or ">=". Throws Error (kUsage) for anything else.
ThresholdOperator parse_threshold_operator(std::string_view symbol);

constexpr bool is_positive(double score, double threshold, ThresholdOperator comparison) {
  return comparison == ThresholdOperator::kGreater ? score > threshold : score >= threshold;
}

}  // namespace apatite::eval
