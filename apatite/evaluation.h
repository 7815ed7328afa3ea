// The metrics of a table of predictions, with their confidence intervals.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace apatite {

struct EvaluationOptions {
  // The label of a positive case, e.g. "malignant". Must be given.
  std::string positive;
  // The labels of the negative cases. Empty: the one other label that the table has.
  std::vector<std::string> negatives;
  // The columns with the labels and with the scores. An empty `score_column` is "p:POSITIVE".
  std::string label_column = "label";
  std::string score_column;
  // A case is decided positive if its score is above this number. None: only the metrics that need
  // no threshold are computed, e.g. the AUC.
  std::optional<double> threshold;
  // The level of all confidence intervals, between 0 and 1.
  double confidence = 0.95;
  // The interval of a proportion, e.g. "wilson" or "clopper-pearson". `apatite evaluate --help`
  // lists all of them, and so does the error for a name that does not exist.
  std::string proportion_interval = "wilson";
  // The interval of the AUC, e.g. "delong" or "bootstrap-bca"; listed likewise.
  std::string auc_interval = "delong";
  // The number of resamples of a bootstrap (2 to 10,000,000), and the seed of its random numbers.
  int draws = 2000;
  std::uint64_t seed = 1;
};

// One metric, in binary64. docs/metrics.md gives the formula of each one.
struct MetricValue {
  std::string id;               // "auc", "sensitivity", "specificity", ...
  std::optional<double> value;  // none: the metric is not defined for these cases
  std::optional<double> low;    // the confidence interval; none: there is no interval
  std::optional<double> high;
  std::string note;  // the name of the interval's method, or why there is no value or no interval
};

struct Report {
  std::vector<MetricValue> metrics;
  // The whole result as JSON text: the bytes that `apatite evaluate --json` writes.
  std::string json;

  // The metric with this id. Throws Error (kUsage) if the report has none of this name.
  [[nodiscard]] const MetricValue& metric(const std::string& id) const;
};

// Evaluates a CSV file: predictions.csv, or any table with a column of labels and one of scores. If
// the file has a column "patient" and some patients have several images, the confidence intervals
// take the images of a patient together.
//
//   apatite::EvaluationOptions options;
//   options.positive = "malignant";
//   options.threshold = 0.5;
//   const apatite::Report report = apatite::evaluate("predictions.csv", options);
//   const double auc = report.metric("auc").value.value();
//
// Any number of threads may call it. Throws Error: kUsage for an option that is wrong; kIo if the
// file cannot be read; kBadFile if its content is refused, with the line.
[[nodiscard]] Report evaluate(const std::filesystem::path& csv, const EvaluationOptions& options);

}  // namespace apatite
