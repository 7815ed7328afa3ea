// Tests of the difference between two AUCs.
#pragma once

#include <optional>

#include "eval/roc/placements.h"

namespace apatite::eval {

// The difference of a less b, its standard error under the method, z or t = difference / standard
// error, the two-sided p-value, and difference -+ factor * standard error.
struct AucDifference {
  double difference = 0;
  double standard_error = 0;
  double statistic = 0;
  // Of Student's t; empty: the normal distribution.
  std::optional<double> degrees_of_freedom;
  double p_value = 1;
  ConfidenceInterval interval;
};

// Two models on the same cases: DeLong's test, with clusters that of Obuchowski. Empty if the
// variance is undefined or 0 (the models rank every pair alike: there is nothing to test).
std::optional<AucDifference> paired_auc_difference(const Cases& cases, const Placements& a,
                                                   const Placements& b, double confidence);

// A model on cases of its own: `units` is the number of its independent cases or clusters.
struct UnpairedAuc {
  AucCounts counts;
  std::optional<double> variance;
  std::size_t units = 0;
};

// Models on different, independent cases: the variances added, and the degrees of freedom of Welch
// and Satterthwaite with `units` less one for each (as pROC has it). Empty as above.
std::optional<AucDifference> unpaired_auc_difference(const UnpairedAuc& a, const UnpairedAuc& b,
                                                     double confidence);

}  // namespace apatite::eval
