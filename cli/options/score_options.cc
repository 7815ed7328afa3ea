#include "cli/options/score_options.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::cli {
namespace {

namespace fs = std::filesystem;

// "NAME=FILE" or "FILE", whose model is named after the file.
struct NamedFile {
  std::string name;
  fs::path path;
};

NamedFile named_file(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos && equals > 0 && !fs::exists(word)) {
    return {word.substr(0, equals), word.substr(equals + 1)};
  }
  return {fs::path(word).stem().string(), word};
}

void add_columns(CLI::App& command, ScoreOptions& options) {
  eval::ScoreColumns& columns = options.columns;
  const std::string group = "Columns";
  command
      .add_option("--positive", columns.positive,
                  "label of a positive case, as written in the label column (required)")
      ->type_name("LABEL")
      ->group(group);
  command
      .add_option(
          "--negative", columns.negatives,
          "label of a negative case; repeat the option for several labels. Default: the one "
          "other label in the file")
      ->type_name("LABEL")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option(
          "--score", columns.scores,
          "column with the scores of a model; repeat the option for several models. Default: "
          "p:LABEL with the label of --positive")
      ->type_name("COLUMN")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--label", columns.label, "column with the label of each case")
      ->capture_default_str()
      ->type_name("COLUMN")
      ->group(group);
  command
      .add_option("--image", options.image,
                  "column with the image of each case. Default: image, if the file has it")
      ->type_name("COLUMN")
      ->group(group);
  command
      .add_option("--patient", options.patient,
                  "column with the patient identifier. Default: patient, if the file has it")
      ->type_name("COLUMN")
      ->group(group);
  command
      .add_option("--lesion", columns.lesion,
                  "column with the lesion identifier. Default: no column is read")
      ->type_name("COLUMN")
      ->group(group);
  command
      .add_option("--split", options.split,
                  "column with the split of each case. Default: split, if the file has it")
      ->type_name("COLUMN")
      ->group(group);
  command
      .add_option("--weight", columns.weight,
                  "column with the weight of each case, a number of 0 or more. Default: each "
                  "case has weight 1")
      ->type_name("COLUMN")
      ->group(group);
}

void add_cases(CLI::App& command, ScoreOptions& options) {
  const std::string group = "Cases";
  command
      .add_option(
          "--on", options.on,
          "split whose cases are reported; repeat the option for several splits. Default: all "
          "cases of a file with one split; required if it has several")
      ->type_name("SPLIT")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--level", options.level,
                  "unit that counts as one case: image, lesion or patient")
      ->capture_default_str()
      ->type_name("LEVEL")
      ->group(group);
  command
      .add_option(
          "--aggregate", options.aggregate,
          "how the scores of the images of a lesion or patient become one: their max, their "
          "mean, or any (positive if any image is; metrics of the order of scores are then "
          "undefined)")
      ->capture_default_str()
      ->type_name("HOW")
      ->group(group);
  command
      .add_flag(
          "--no-cluster", options.no_cluster,
          "compute intervals and tests as if the images of a patient were independent. Default: "
          "patients are clusters")
      ->group(group);
}

void add_thresholds(CLI::App& command, ScoreOptions& options) {
  const std::string group = "Threshold";
  command
      .add_option("--comparison", options.comparison,
                  "which scores are predicted positive: those '>' or those '>=' the threshold")
      ->capture_default_str()
      ->type_name("SIGN")
      ->group(group);
  command
      .add_option(
          "--threshold", options.thresholds,
          "threshold on the scale of the scores, for all models; repeat the option to give each "
          "model its own. Default: none, unless --threshold-rule is given")
      ->type_name("NUMBER")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option(
          "--threshold-rule", options.threshold_rule,
          "rule that chooses the threshold: youden, corner, sensitivity=S, specificity=S, both "
          "of the last two with a comma, or cost=C@PREVALENCE; S and PREVALENCE are fractions "
          "of 1, a missed positive costs C false alarms. Default: none")
      ->type_name("RULE")
      ->group(group);
  command
      .add_option("--threshold-split", options.threshold_split,
                  "split whose cases the rule uses. Default: none")
      ->type_name("SPLIT")
      ->group(group);
  command
      .add_option(
          "--threshold-file", options.threshold_files,
          "CSV file whose cases the rule uses; repeat the option, one file for each file of "
          "predictions. Default: none")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_flag(
          "--threshold-from-test", options.threshold_from_test,
          "let the rule use the reported cases themselves; every output then says so. Default: "
          "off")
      ->group(group);
}

}  // namespace

void add_score_options(CLI::App& command, ScoreOptions& options) {
  command
      .add_option(
          "predictions", options.files,
          "CSV file with labels and scores; several files are several models, NAME=FILE names "
          "a model")
      ->type_name("FILE");
  add_columns(command, options);
  add_cases(command, options);
  add_thresholds(command, options);
  command
      .add_option("--confidence", options.confidence,
                  "confidence level of all intervals, a fraction between 0 and 1")
      ->capture_default_str()
      ->type_name("LEVEL")
      ->group("Statistics");
}

void add_output_options(CLI::App& command, ScoreOptions& options, const std::string& rows) {
  const std::string group = "Outputs";
  command
      .add_option("--format", options.format,
                  "format of the printed and written tables: text, markdown, csv or latex")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command.add_option("--json", options.json, "JSON file to write with all results. Default: none")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--table", options.table,
                  "file to write with the table that has one row per " + rows + ". Default: none")
      ->type_name("FILE")
      ->group(group);
}

eval::ScoreColumns columns_of(const ScoreOptions& options, std::string_view command) {
  eval::ScoreColumns columns = options.columns;
  if (columns.positive.empty()) {
    throw Error(ErrorKind::kUsage, command, "the positive class is not named",
                "pass --positive LABEL, e.g. --positive malignant");
  }
  const auto named = [](const std::string& name) {
    return name.empty() ? std::optional<std::string>() : std::optional(name);
  };
  columns.image = named(options.image);
  columns.patient = named(options.patient);
  columns.split = named(options.split);
  return columns;
}

eval::ScoreTable read_tables(const std::vector<std::string>& words,
                             const eval::ScoreColumns& columns, std::vector<std::string>& sources,
                             const eval::ProgressCallback& progress) {
  std::optional<eval::ScoreTable> all;
  for (const std::string& word : words) {
    const NamedFile file = named_file(word);
    eval::ScoreTable table = eval::read_scores(file.path, columns, progress);
    for (eval::ModelScores& model : table.models) {
      const bool named = word != file.path.string();
      if (table.models.size() == 1 && (named || words.size() > 1)) {
        model.name = file.name;
      } else if (words.size() > 1) {
        model.name = file.name + " " + model.name;
      }
    }
    sources.push_back(file.path.filename().string());
    if (all) {
      eval::join_scores(*all, table);
    } else {
      all = std::move(table);
    }
  }
  return std::move(*all);
}

ScoreFiles read_score_files(const ScoreOptions& options, const eval::ScoreColumns& columns,
                            const eval::ProgressCallback& progress) {
  ScoreFiles files;
  files.table = read_tables(options.files, columns, files.sources, progress);
  if (options.threshold_files.empty()) return files;
  std::vector<std::string> unnamed;
  files.tuning = read_tables(options.threshold_files, columns, unnamed, progress);
  return files;
}

eval::ProgressCallback StepProgress::callback() {
  return [this](std::string_view unit, std::int64_t done, std::int64_t total) {
    if (unit != unit_) bar_.start(unit_ = unit);
    bar_.show(done, total);
    if (done == total) bar_.finish();
  };
}

eval::EvaluationOptions case_options(const ScoreOptions& options) {
  eval::EvaluationOptions result;
  result.comparison = eval::parse_threshold_operator(options.comparison);
  result.confusion.confidence = options.confidence;
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw Error(ErrorKind::kUsage, "--confidence",
                to_text(options.confidence) + " is not a confidence level",
                "pass a number between 0 and 1, e.g. 0.95");
  }
  result.clustered = !options.no_cluster;
  result.level = eval::parse_aggregation_level(options.level);
  result.aggregation = eval::parse_aggregation(options.aggregate);
  result.splits = options.on;
  result.thresholds = options.thresholds;
  if (!options.threshold_rule.empty())
    result.rule = eval::parse_threshold_rule(options.threshold_rule);
  result.threshold_split = options.threshold_split;
  result.from_test = options.threshold_from_test;
  return result;
}

}  // namespace apatite::cli
