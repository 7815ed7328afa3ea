// Tests of the difference between two AUCs.
#pragma once

#include <optional>

#include "eval/placements.h"

namespace apatite {

// The difference of a less b, its standard error under the method, z or t = difference / standard
// error, the two-sided p-value, and difference -+ factor * standard error.
struct AucDifference {
  double difference = 0;
  double standard_error = 0;
  double statistic = 0;
  // Of Student's t; empty: the normal distribution.
  std::optional<double> degrees_of_freedom;
  double p_value = 1;
  AucInterval interval;
};

// Two models on the same cases: DeLong's test, with clusters that of Obuchowski. Empty if the
// variance is undefined or 0 (the models rank every pair alike: there is nothing to test).
std::optional<AucDifference> paired_auc_difference(const Cases& cases, const Placements& a,
                                                   const Placements& b, double confidence);

// Models on different, independent cases: DeLong's variances added, and Welch and Satterthwaite's
// degrees of freedom, the number of cases of each less one (as pROC has it). `a` and `b` come from
// auc(). Empty as above.
std::optional<AucDifference> unpaired_auc_difference(const Auc& a, const Auc& b, double confidence);

}  // namespace apatite
