// The results as plots (SVG).
#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.h"

namespace apatite::eval {

struct NamedPlot {
  std::string name;  // of the file, without a folder: "roc.svg"
  std::string svg;
};

// ROC, precision-recall, calibration and decision curves and the scores of each model; what the
// evaluation has no data for (options.curves, scores that are no probabilities) is left out.
std::vector<NamedPlot> metrics_plots(const Evaluation& evaluation);

}  // namespace apatite::eval
