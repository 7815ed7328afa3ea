// The two files that list all maps of a run: explanations.csv and the contact sheet, index.html.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "study/explain/explain.h"
#include "study/run/image_run.h"

namespace apatite::study {

// A name for every weights file, unique among them: its stem, with a number if that is taken.
std::vector<std::string> model_names(const std::vector<std::filesystem::path>& weights);

// Writes both files into the output folder, from what ExplanationWriter::write() gave for each
// image.
ExplainSummary write_explanation_lists(const ImageRun& run, const ExplainOptions& options);

}  // namespace apatite::study
