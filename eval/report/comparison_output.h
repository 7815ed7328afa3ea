// A comparison as a table and as JSON.
#pragma once

#include <string>

#include "base/json.h"
#include "eval/comparison.h"
#include "eval/report/metrics_table.h"

namespace apatite::eval {

// A table with one row per test. The CSV format has every digit; the other formats round values to
// four decimals, and p-values from 0.001 on to three significant digits.
std::string comparison_table(const ModelComparison& comparison, TableFormat format);

// States which tests were made and on how many draws, one statement per line.
std::string comparison_notes(const ModelComparison& comparison);

// docs/comparisons.md describes the fields.
Json comparison_json(const ModelComparison& comparison);

}  // namespace apatite::eval
