// Cases with their labels, column by column, as the computations take them. Spans refer to memory
// of the caller; case i is element i of every column.
#pragma once

#include <cstdint>
#include <span>

namespace apatite::eval {

// The cases without scores, for computations on the scores of several models. A label is 1
// (positive) or 0. Clusters (such as patients) have numbers from 0 on; without clusters the span is
// empty and each case is a cluster of its own. A number that no case has is not a cluster.
struct LabelledCases {
  std::span<const std::uint8_t> labels;
  std::span<const std::int32_t> clusters;
};

// The cases with the scores of one model. `positive` is 1 for a positive case, else 0; `weight` and
// `cluster` may be empty.
struct LabelledScores {
  std::span<const double> scores;
  std::span<const std::uint8_t> positive;
  std::span<const double> weight;
  std::span<const std::int32_t> cluster;
};

}  // namespace apatite::eval
