// Scores as probabilities: how well they agree with the labels.
#pragma once

#include <cstdint>
#include <vector>

#include "eval/data/binary_decision.h"
#include "eval/data/labelled_scores.h"
#include "eval/statistics/metric.h"

namespace apatite::eval {

// A bin of cases with similar probabilities.
struct CalibrationBin {
  double low = 0, high = 0;  // (low, high]; the first bin includes 0
  std::int64_t cases = 0;
  double weight = 0;            // sum of the weights; without weights the number of cases
  double mean_probability = 0;  // 0 without cases
  double observed = 0;          // the share of positives; 0 without cases
};

// Bins of equal width. Empty if a score lies outside 0 .. 1; the metrics below are then undefined
// and give this reason.
std::vector<CalibrationBin> calibration_bins(const LabelledScores& cases, int bins);

// Brier score, log loss, calibration in the large, intercept and slope, expected calibration error.
std::vector<Metric> calibration_metrics(const LabelledScores& cases, int bins, double confidence);

// Net benefit of predicting cases positive from a probability on (Vickers and Elkin 2006).
struct DecisionPoint {
  double threshold = 0;
  double model = 0;
  double all = 0;  // of predicting every case positive
};

// The points at 0.01, 0.02, ... 0.99. Empty if a score lies outside 0 .. 1.
std::vector<DecisionPoint> decision_curve(const LabelledScores& cases,
                                          ThresholdOperator comparison);

// tp/total - fp/total * threshold/(1 - threshold), for 0 < threshold < 1.
double net_benefit(double tp, double fp, double total, double threshold);

}  // namespace apatite::eval
