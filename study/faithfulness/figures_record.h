// Turns the figures of one image into text for the journal, and reads them back.
#pragma once

#include <string>

#include "study/faithfulness/faithfulness_report.h"
#include "study/run/manifest.h"

namespace apatite::study {

// CSV: a row of the image, then one per map; eight fields each.
std::string record_of(const ImageFigures& figures);

// The figures from the text that record_of() gave for the image that `entry` lists.
ImageFigures figures_of_record(const std::string& text, const ManifestEntry& entry);

}  // namespace apatite::study
