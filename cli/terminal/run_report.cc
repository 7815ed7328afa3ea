#include "cli/terminal/run_report.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/terminal/output.h"

namespace apatite::cli {

std::string run_line(const study::RunSummary& summary, const std::string& output,
                     const std::string& what, const Progress& progress) {
  std::string line = output + ": " + what;
  if (summary.resumed > 0) {
    line += ", " + with_thousands(summary.resumed) + " of them from the interrupted run";
  }
  if (const std::string rate = progress.rate(); !rate.empty()) line += ", " + rate;
  return line;
}

void print_skipped(const study::RunSummary& summary) {
  if (summary.skipped == 0) return;
  print(with_thousands(summary.skipped) + " files in the folder are no images and were skipped\n");
}

int exit_code_of(const study::RunSummary& summary) {
  if (summary.unreadable == 0) return 0;
  flush_output();
  throw Error(ErrorKind::kImage, summary.errors.string(),
              with_thousands(summary.unreadable) + " images could not be read; all others are done",
              "see the file for the reasons");
}

}  // namespace apatite::cli
