// What the runs over images (predict, explain, faithfulness) say at their end.
#pragma once

#include <string>

#include "cli/terminal/progress.h"
#include "study/run/run_summary.h"

namespace apatite::cli {

// "OUTPUT: WHAT, 3 of them from the interrupted run, 512.3 images/s", without a line end.
std::string run_line(const study::RunSummary& summary, const std::string& output,
                     const std::string& what, const Progress& progress);

// A line about files that were passed over, if there were any.
void print_skipped(const study::RunSummary& summary);

// 0; throws Error (kImage), after flushing what was printed, if images could not be read.
int exit_code_of(const study::RunSummary& summary);

}  // namespace apatite::cli
