// From images to lesions or patients.
#pragma once

#include <string_view>

#include "eval/data/score_table.h"

namespace apatite::eval {

enum class Level { kImage, kLesion, kPatient };
// How the scores of a unit's images become one. kAny says which units are called and nothing about
// their order: the largest score stands for the unit, and only counts are read off it.
enum class Aggregation { kMax, kMean, kAny };

std::string_view name_of(Level level);
std::string_view name_of(Aggregation aggregation);
// Throw Error (kUsage) naming those that there are.
Level parse_level(std::string_view name);
Aggregation parse_aggregation(std::string_view name);

// One case per lesion or patient, in the order of their first images. A patient is positive if any
// image is; all images of a lesion must have one label. Two lesions of different patients are two
// even if they have one name. A mean is summed in the order of the rows. Throws Error: kBadFile if
// the table has no patients or lesions, or a lesion has both labels; kUsage if it has weights.
ScoreTable aggregate_cases(const ScoreTable& table, Level level, Aggregation aggregation);

}  // namespace apatite::eval
