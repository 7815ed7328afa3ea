// Tests of the difference between two AUCs.
#pragma once

#include <optional>

#include "eval/roc/placements.h"

namespace apatite::eval {

// The AUC of a minus that of b, with statistic = difference / standard_error, the two-sided
// p-value, and the interval difference -+ factor * standard_error.
struct AucDifference {
  double difference = 0;
  double standard_error = 0;
  double statistic = 0;
  // Of Student's t distribution; empty where the statistic is z, with the normal distribution.
  std::optional<double> degrees_of_freedom;
  double p_value = 1;
  ConfidenceInterval interval;
};

// Two models on the same cases: DeLong's test, or Obuchowski's with clusters. Empty if the variance
// is undefined, or if it is 0 because the models rank every pair alike.
std::optional<AucDifference> paired_auc_difference(const LabelledCases& cases, const Placements& a,
                                                   const Placements& b, double confidence);

// One model on its own cases. `units` is the number of its independent cases or clusters.
struct UnpairedAuc {
  AucCounts counts;
  std::optional<double> variance;
  std::size_t units = 0;
};

// Two models on different, independent cases. The variances are added; the degrees of freedom are
// those of Welch and Satterthwaite with units - 1 for each model, as in pROC. Empty as above.
std::optional<AucDifference> unpaired_auc_difference(const UnpairedAuc& a, const UnpairedAuc& b,
                                                     double confidence);

}  // namespace apatite::eval
