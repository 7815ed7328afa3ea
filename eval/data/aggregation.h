// Combines images to lesions or patients.
#pragma once

#include <string_view>

#include "eval/data/score_table.h"

namespace apatite::eval {

enum class AggregationLevel { kImage, kLesion, kPatient };
// How the scores of the images of one unit (a lesion or a patient) become one score. kAny decides
// only which units are positive: the largest score stands for the unit, and metrics that depend on
// the order of scores are undefined.
enum class Aggregation { kMax, kMean, kAny };

std::string_view name_of(AggregationLevel level);
std::string_view name_of(Aggregation aggregation);
// Throw Error (kUsage) that lists the names.
AggregationLevel parse_aggregation_level(std::string_view name);
Aggregation parse_aggregation(std::string_view name);

// A table with one case per lesion or patient, in the order of their first images. A patient is
// positive if any of the images is; all images of a lesion must have the same label. Lesions of
// different patients are different even if their names are equal. A mean is summed in the order of
// the rows. Throws Error: kBadFile if
// the table has no patients or lesions, or a lesion has both labels; kUsage if it has weights.
ScoreTable aggregate_cases(const ScoreTable& table, AggregationLevel level,
                           Aggregation aggregation);

}  // namespace apatite::eval
