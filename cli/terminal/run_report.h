// What the runs over images (predict, explain, faithfulness) have in common on the terminal.
#pragma once

#include <string>

#include "cli/terminal/progress.h"
#include "study/run/run_summary.h"

namespace apatite::cli {

// "OUTPUT: WHAT, 3 of them from the interrupted run, 512.3 images/s", without a line end.
std::string run_line(const study::RunSummary& summary, const std::string& output,
                     const std::string& what, const Progress& progress);

// Prints a line about files that are no images, if there were any.
void print_skipped(const study::RunSummary& summary);

// 0; throws Error (kImage), after flushing what was printed, if images could not be read.
int exit_code_of(const study::RunSummary& summary);

// Carries out `run`, which gets a study::ShowProgress and returns a summary, while the progress is
// shown, then calls report(summary, progress). Returns the exit code.
template <class Run, class Report>
int run_and_report(bool progress_without_terminal, const Run& run, const Report& report) {
  Progress progress(progress_without_terminal);
  const auto summary = run(study::ShowProgress(
      [&](const study::RunProgress& state) { progress.show(state.done, state.total); }));
  progress.finish();
  report(summary, progress);
  return exit_code_of(summary);
}

}  // namespace apatite::cli
