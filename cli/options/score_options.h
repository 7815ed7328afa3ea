// The options that say which predictions are looked at, shared by the sub-commands that evaluate.
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

// Adds the files, their columns, which cases and thresholds, and --confidence.
void add_score_options(CLI::App& command, ScoreOptions& options);
// Adds --format, --json and --table, of which `rows` says what it has a row for.
void add_output_options(CLI::App& command, ScoreOptions& options, const std::string& rows);

// The columns to read. Throws Error (kUsage) if the positive class is not named.
eval::ScoreColumns columns_of(const ScoreOptions& options, std::string_view command);

// All files as one table, a model per file and score column; their names are added to `sources`.
eval::ScoreTable read_tables(const std::vector<std::string>& words,
                             const eval::ScoreColumns& columns, std::vector<std::string>& sources,
                             const eval::ProgressCallback& progress);

// The predictions, and those that thresholds are chosen on, if there are.
struct ScoreFiles {
  eval::ScoreTable table;
  std::optional<eval::ScoreTable> tuning;
  std::vector<std::string> sources;
};
ScoreFiles read_score_files(const ScoreOptions& options, const eval::ScoreColumns& columns,
                            const eval::ProgressCallback& progress);

// How far a long step is, as a bar on a terminal and nothing elsewhere.
class StepProgress {
 public:
  ~StepProgress() { bar_.finish(); }
  // Must not outlive the object.
  eval::ProgressCallback callback();

 private:
  Progress bar_{false};
  std::string unit_;
};

// Which cases, which level, at what threshold, at what confidence. Throws Error (kUsage).
eval::EvaluationOptions case_options(const ScoreOptions& options);

}  // namespace apatite::cli
