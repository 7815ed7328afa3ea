// Scores as probabilities: how far they are from what happened.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/classification/confusion.h"
#include "eval/statistics/metric.h"

namespace apatite::eval {

// The cases, column by column; weight and cluster may be empty.
struct ScoredCases {
  std::span<const double> scores;
  std::span<const std::uint8_t> positive;
  std::span<const double> weight;
  std::span<const std::int32_t> cluster;
};

// Cases of similar probability.
struct CalibrationBin {
  double low = 0, high = 0;  // (low, high]; the first holds 0 too
  std::int64_t cases = 0;
  double weight = 0;            // the number of cases without weights
  double mean_probability = 0;  // where there are cases
  double observed = 0;          // the share of positives
};

// Empty if a score lies outside 0 .. 1; then the metrics below are undefined with that reason.
std::vector<CalibrationBin> calibration_bins(const ScoredCases& cases, int bins);

// Brier score, log loss, calibration in the large, intercept and slope, expected calibration error.
std::vector<Metric> calibration_metrics(const ScoredCases& cases, int bins, double confidence);

// Net benefit of calling cases from a probability on (Vickers and Elkin 2006).
struct DecisionPoint {
  double threshold = 0;
  double model = 0;
  double all = 0;  // of calling every case
};

// At 0.01, 0.02, ... 0.99. Empty if a score lies outside 0 .. 1.
std::vector<DecisionPoint> decision_curve(const ScoredCases& cases, ThresholdOperator comparison);

// TP/n - FP/n pt/(1-pt) at a threshold inside (0, 1).
double net_benefit(double tp, double fp, double total, double threshold);

}  // namespace apatite::eval
