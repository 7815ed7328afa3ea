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
  ProgressCallback progress;
};

struct PermutationTest {
  double difference = 0;  // the AUC of a minus that of b
  double p_value = 1;
  bool exact = false;          // whether all exchanges were counted
  std::int64_t exchanges = 0;  // how many exchanges were counted
};

// Under the hypothesis that the models are exchangeable, the two ranks of each case may change
// places (Bandos, Rockette, Gur 2005). With clusters the ranks of all cases of a cluster change
// places together. Scores are replaced by twice their midranks within their model. Therefore the
// test does not depend on the scales of the scores, and the statistic is an integer, so that it can
// be compared exactly with the observed one.
//
// With c clusters and 2^c <= draws all exchanges are counted, and p is the share of those that are
// at least as far from 0 as the observed difference. Otherwise draw d exchanges cluster i if bit i
// mod 64 of random_bits(random_stream(seed, d), i / 64) is set, and p = (1 + k) / (1 + draws),
// where k draws are at least as far from 0. Throws Error (kUsage) as auc() does, if a class is
// missing, for 2^30 cases or more, and for a number of draws outside 1 .. 100,000,000.
PermutationTest auc_permutation_test(const LabelledCases& cases, std::span<const double> a,
                                     std::span<const double> b, const PermutationOptions& options);

}  // namespace apatite::eval
