// A permutation test of the difference between the AUCs of two models on the same cases.
#pragma once

#include <cstdint>
#include <span>

#include "eval/roc/placements.h"
#include "eval/statistics/progress_callback.h"

namespace apatite::eval {

struct PermutationOptions {
  int draws = 10'000;
  std::uint64_t seed = 1;
  int threads = 0;
  Tell tell;
};

struct PermutationTest {
  double difference = 0;  // the AUC of a less that of b
  double p_value = 1;
  bool exact = false;          // all exchanges were counted
  std::int64_t exchanges = 0;  // how many were looked at
};

// Under the hypothesis that the models are exchangeable, the two ranks of each case may change
// places (Bandos, Rockette, Gur 2005); with clusters those of all cases of a cluster together.
// Scores become twice their midranks within their model, so the test does not depend on their
// scales, and the statistic is an integer, so that ties with the observed one are exact.
//
// With c clusters and 2^c <= draws all exchanges are counted; else draw d exchanges cluster i if
// bit i mod 64 of random_bits(random_stream(seed, d), i / 64) is set, and p = (1 + those at least
// as far from 0 as observed) / (1 + draws).
PermutationTest auc_permutation_test(const Cases& cases, std::span<const double> a,
                                     std::span<const double> b, const PermutationOptions& options);

}  // namespace apatite::eval
