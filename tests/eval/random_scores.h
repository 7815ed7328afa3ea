// Random labels and scores, with as many ties as asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"

namespace apatite::eval {

struct RandomScores {
  std::vector<std::uint8_t> labels;
  std::vector<double> scores;
};

// Scores are k / levels, 0 <= k < levels, a little larger for positives; the first row is positive
// and the second negative.
inline RandomScores random_scores(std::uint64_t seed, std::size_t rows, std::uint64_t levels,
                                  double positive_share = 0.4, double shift = 0.2) {
  RandomScores data;
  for (std::size_t i = 0; i < rows; ++i) {
    const bool positive =
        i == 0 || (i != 1 && static_cast<double>(random_unit(seed, 2 * i)) < positive_share);
    const double u =
        static_cast<double>(random_unit(seed, 2 * i + 1)) * (1 - shift) + (positive ? shift : 0);
    data.labels.push_back(positive ? 1 : 0);
    const auto step =
        static_cast<double>(static_cast<std::uint64_t>(u * static_cast<double>(levels)));
    data.scores.push_back(step / static_cast<double>(levels));
  }
  return data;
}

}  // namespace apatite::eval
