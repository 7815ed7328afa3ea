// The results as tables.
#pragma once

#include <string>
#include <string_view>

#include "eval/evaluation.h"

namespace apatite::eval {

enum class TableFormat { kText, kMarkdown, kCsv, kLatex };
// "text", "markdown", "csv", "latex"; throws Error (kUsage).
TableFormat parse_table_format(std::string_view name);

// A table of rows of cells; the first row is the head.
std::string plain_table(const std::vector<std::vector<std::string>>& rows, TableFormat format);

// One row per model with the cut-off, AUC, sensitivity, specificity, accuracy, PPV and NPV and
// their intervals, as in Table 1 of Kang et al. 2021. Percentages have two decimals, the AUC has
// three. If there are several models, the best value of each column is marked by * (text, CSV) or
// in bold.
std::string summary_table(const Evaluation& evaluation, TableFormat format);

// A table with one row for each metric of each model.
std::string full_table(const Evaluation& evaluation, TableFormat format);

// States what was compared, on which cases, and what a reader must know, one statement per line.
std::string description(const Evaluation& evaluation);

}  // namespace apatite::eval
