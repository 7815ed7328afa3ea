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

// The plots of the ROC, precision-recall, calibration and decision curves, and of the scores of
// each model. Plots without data are left out: all without options.curves, the calibration and
// decision curves where scores are no probabilities.
std::vector<NamedPlot> metrics_plots(const Evaluation& evaluation);

}  // namespace apatite::eval
