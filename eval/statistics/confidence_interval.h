// The one type of a confidence interval: of a proportion, an AUC, a difference, a mean.
#pragma once

namespace apatite::eval {

// The interval from low to high, on the scale of its estimate. Its method and its confidence level
// are stated where it is used.
struct ConfidenceInterval {
  double low = 0;
  double high = 0;
};

// The z with P(|Z| < z) = confidence, Z of the standard normal distribution: 1.959964 for 0.95.
// Throws Error (kUsage) unless 0 < confidence < 1.
double normal_factor(double confidence);

}  // namespace apatite::eval
