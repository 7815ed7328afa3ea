// A comparison as a table and as JSON.
#pragma once

#include <string>

#include "base/json.h"
#include "eval/comparison.h"
#include "eval/report/metrics_table.h"

namespace apatite::eval {

// One row per test. CSV has every digit; the others round values to four decimals and p-values to
// three significant digits from 0.001 on.
std::string comparison_table(const ModelComparison& comparison, TableFormat format);

// Which tests, on which draws: one statement a line.
std::string comparison_notes(const ModelComparison& comparison);

// docs/comparisons.md describes the fields.
Json comparison_json(const ModelComparison& comparison);

}  // namespace apatite::eval
