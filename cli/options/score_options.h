// The options that choose the predictions to evaluate, shared by the sub-commands evaluate and
// compare.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/progress.h"
#include "eval/data/score_table.h"
#include "eval/evaluation.h"

namespace apatite::cli {

struct ScoreOptions {
  std::vector<std::string> files;
  eval::ScoreColumns columns;
  std::string image, patient, split;
  bool no_cluster = false;

  std::string comparison = ">", level = "image", aggregate = "max";
  std::vector<std::string> on;
  std::vector<double> thresholds;
  std::string threshold_rule, threshold_split;
  std::vector<std::string> threshold_files;
  bool threshold_from_test = false;

  double confidence = 0.95;

  std::string format = "text", json, table;
};

// Adds the options of the files, their columns, the cases, the thresholds, and --confidence.
void add_score_options(CLI::App& command, ScoreOptions& options);
// Adds --format, --json and --table. `rows` says what a row of that table stands for ("model").
void add_output_options(CLI::App& command, ScoreOptions& options, const std::string& rows);

// The columns to read; `command` is named in errors. Throws Error (kUsage) if the positive class is
// not named.
eval::ScoreColumns columns_of(const ScoreOptions& options, std::string_view command);

// Reads all files into one table with a model for each file and score column. The names of the
// files are appended to `sources`.
eval::ScoreTable read_tables(const std::vector<std::string>& words,
                             const eval::ScoreColumns& columns, std::vector<std::string>& sources,
                             const eval::ProgressCallback& progress);

// The predictions and, if --threshold-file was given, those on which thresholds are chosen.
struct ScoreFiles {
  eval::ScoreTable table;
  std::optional<eval::ScoreTable> tuning;
  std::vector<std::string> sources;
};
ScoreFiles read_score_files(const ScoreOptions& options, const eval::ScoreColumns& columns,
                            const eval::ProgressCallback& progress);

// Shows the progress of a long step as a bar on a terminal; shows nothing elsewhere.
class StepProgress {
 public:
  ~StepProgress() { bar_.finish(); }
  // The callback must not outlive the object.
  eval::ProgressCallback callback();

 private:
  Progress bar_{false};
  std::string unit_;
};

// The options of the evaluation that are shared: cases, level, thresholds and confidence. Throws
// Error (kUsage).
eval::EvaluationOptions case_options(const ScoreOptions& options);

}  // namespace apatite::cli
