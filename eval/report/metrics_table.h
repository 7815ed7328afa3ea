// The results as tables.
#pragma once

#include <string>
#include <string_view>

#include "eval/evaluation.h"

namespace apatite::eval {

enum class TableFormat { kText, kMarkdown, kCsv, kLatex };
// "text", "markdown", "csv", "latex"; throws Error (kUsage).
TableFormat parse_table_format(std::string_view name);

// Rows of cells, the first of them the head, as a table.
std::string plain_table(const std::vector<std::vector<std::string>>& rows, TableFormat format);

// One row per model: cut-off, AUC, sensitivity, specificity, accuracy, PPV and NPV, each with its
// interval, as Table 1 of Kang et al. 2021 has them; percentages to hundredths, the AUC to three
// decimals. The best of each column is marked if there are several models: with * (text, CSV) or in
// bold.
std::string summary_table(const Evaluation& evaluation, TableFormat format);

// Every metric of every model: a row each.
std::string full_table(const Evaluation& evaluation, TableFormat format);

// What was compared with what, on which cases, and what a reader must know: one statement a line.
std::string description(const Evaluation& evaluation);

}  // namespace apatite::eval
