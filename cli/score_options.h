// The options that say which predictions are looked at, shared by the sub-commands that evaluate.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "eval/evaluation.h"
#include "eval/score_table.h"

namespace apatite {

struct ScoreOptions {
  std::vector<std::string> files;
  ScoreColumns columns;
  std::string image, patient, split;
  bool no_cluster = false;

  std::string comparison = ">", level = "image", aggregate = "max";
  std::vector<std::string> on;
  std::vector<double> thresholds;
  std::string threshold_rule, threshold_split;
  std::vector<std::string> threshold_files;
  bool threshold_from_test = false;

  double confidence = 0.95;
};

// Adds the files, their columns, which cases and thresholds, and --confidence.
void add_score_options(CLI::App& command, ScoreOptions& options);

// The columns to read. Throws Error (kUsage) if the positive class is not named.
ScoreColumns columns_of(const ScoreOptions& options, std::string_view command);

// All files as one table, a model per file and score column; their names are added to `sources`.
ScoreTable read_tables(const std::vector<std::string>& words, const ScoreColumns& columns,
                       std::vector<std::string>& sources);

// Which cases, which level, at what threshold, at what confidence. Throws Error (kUsage).
EvaluationOptions case_options(const ScoreOptions& options);

}  // namespace apatite
