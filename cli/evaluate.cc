// apatite evaluate: from scores and labels to every number of a diagnostic-accuracy paper.
#include "eval/evaluation.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "eval/metrics_json.h"
#include "eval/metrics_plots.h"
#include "eval/metrics_table.h"

namespace apatite {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> files, counts;
  ScoreColumns columns;
  std::string image, patient, split;
  bool no_cluster = false, one_class = false;

  std::string comparison = ">", level = "image", aggregate = "max";
  std::vector<std::string> on;
  std::vector<double> thresholds;
  std::string threshold_rule, threshold_split;
  std::vector<std::string> threshold_files;
  bool threshold_from_test = false;

  std::string interval = "wilson", auc_interval = "delong", style;
  double confidence = 0.95, partial_auc = 0.1;
  double prevalence = -1;
  int bins = 10, draws = 2000;
  std::uint64_t seed = 1;

  std::string format = "text", json, table, full, plots;
};

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

// All files as one table, a model per file and score column.
ScoreTable read_tables(const std::vector<std::string>& words, const ScoreColumns& columns,
                       std::vector<std::string>& sources) {
  std::optional<ScoreTable> all;
  for (const std::string& word : words) {
    const NamedFile file = named_file(word);
    ScoreTable table = read_scores(file.path, columns);
    for (ModelScores& model : table.models) {
      const bool named = word != file.path.string();
      if (table.models.size() == 1 && (named || words.size() > 1)) {
        model.name = file.name;
      } else if (words.size() > 1) {
        model.name = file.name + " " + model.name;
      }
    }
    sources.push_back(file.path.filename().string());
    if (all) {
      join_scores(*all, table);
    } else {
      all = std::move(table);
    }
  }
  return std::move(*all);
}

EvaluationOptions evaluation_options(const Options& options) {
  EvaluationOptions result;
  result.comparison = parse_comparison(options.comparison);
  result.confusion.confidence = options.confidence;
  if (!(options.confidence > 0 && options.confidence < 1)) {
    throw Error(ErrorKind::kUsage, "--confidence", to_text(options.confidence) + " is no level",
                "pass a number between 0 and 1, e.g. 0.95");
  }
  if (options.style.empty()) {
    result.confusion.proportions = proportion_method(options.interval);
  } else if (options.style == "kang2021") {
    result.confusion.proportions = ProportionMethod::kKang2021;
    if (options.confidence != 0.95) {
      throw Error(ErrorKind::kUsage, "--style", "kang2021 has 95 % intervals only",
                  "leave out --confidence");
    }
  } else {
    throw Error(ErrorKind::kUsage, "--style", "there is none called '" + options.style + "'",
                "there is: kang2021");
  }
  if (options.prevalence != -1) {
    if (!(options.prevalence > 0 && options.prevalence < 1)) {
      throw Error(ErrorKind::kUsage, "--prevalence",
                  to_text(options.prevalence) + " is no prevalence",
                  "pass a number between 0 and 1");
    }
    result.confusion.prevalence = options.prevalence;
  }
  result.auc = parse_auc_method(options.auc_interval);
  if (options.draws < 2 || options.draws > 10'000'000) {
    throw Error(ErrorKind::kUsage, "--draws", to_text(std::int64_t{options.draws}) + " draws",
                "pass 2 to 10,000,000");
  }
  result.draws = options.draws;
  result.seed = options.seed;
  result.clustered = !options.no_cluster;
  result.level = parse_level(options.level);
  result.aggregation = parse_aggregation(options.aggregate);
  if (!(options.partial_auc > 0 && options.partial_auc <= 1)) {
    throw Error(ErrorKind::kUsage, "--partial-auc",
                to_text(options.partial_auc) + " is no false positive rate",
                "pass a number above 0 and at most 1");
  }
  result.partial_auc = options.partial_auc;
  if (options.bins < 1 || options.bins > 1000) {
    throw Error(ErrorKind::kUsage, "--bins", to_text(std::int64_t{options.bins}) + " bins",
                "pass 1 to 1000");
  }
  result.bins = options.bins;
  result.allow_one_class = options.one_class;
  result.splits = options.on;
  result.thresholds = options.thresholds;
  if (!options.threshold_rule.empty()) result.rule = parse_threshold_rule(options.threshold_rule);
  result.threshold_split = options.threshold_split;
  result.from_test = options.threshold_from_test;
  result.curves = !options.plots.empty();
  return result;
}

Evaluation evaluate_files(const Options& options, const EvaluationOptions& evaluation) {
  ScoreColumns columns = options.columns;
  if (columns.positive.empty()) {
    throw Error(ErrorKind::kUsage, "evaluate", "the positive class is not named",
                "pass --positive LABEL, e.g. --positive malignant");
  }
  const auto named = [](const std::string& name) {
    return name.empty() ? std::optional<std::string>() : std::optional(name);
  };
  columns.image = named(options.image);
  columns.patient = named(options.patient);
  columns.split = named(options.split);
  std::vector<std::string> sources;
  std::optional<ScoreTable> tuning;
  std::vector<std::string> tuning_sources;
  ScoreTable table = read_tables(options.files, columns, sources);
  if (!options.threshold_files.empty()) {
    tuning = read_tables(options.threshold_files, columns, tuning_sources);
  }
  Evaluation result = evaluate(std::move(table), tuning ? &*tuning : nullptr, evaluation);
  result.sources = sources;
  return result;
}

void write_outputs(const Evaluation& evaluation, const Options& options) {
  if (!options.json.empty()) write_file(options.json, to_text(metrics_json(evaluation)));
  const TableFormat format = parse_table_format(options.format);
  if (!options.table.empty()) write_file(options.table, summary_table(evaluation, format));
  if (!options.full.empty()) write_file(options.full, full_table(evaluation, format));
  if (options.plots.empty()) return;
  std::error_code error;
  fs::create_directories(options.plots, error);
  if (error) {
    throw Error(ErrorKind::kIo, options.plots, "cannot create (" + error.message() + ")");
  }
  for (const NamedPlot& plot : metrics_plots(evaluation)) {
    write_file(fs::path(options.plots) / plot.name, plot.svg);
  }
}

int run(const Options& options) {
  const EvaluationOptions evaluation_settings = evaluation_options(options);
  (void)parse_table_format(options.format);
  if (options.files.empty() == options.counts.empty()) {
    throw Error(
        ErrorKind::kUsage, "evaluate",
        options.files.empty() ? "there is nothing to evaluate" : "there are files and counts",
        "pass predictions (CSV), or --counts TP,FN,FP,TN");
  }
  std::vector<CountedModel> counted;
  for (const std::string& text : options.counts) counted.push_back(parse_counts(text));
  const Evaluation evaluation = counted.empty() ? evaluate_files(options, evaluation_settings)
                                                : evaluate_counts(counted, evaluation_settings);
  write_outputs(evaluation, options);
  const TableFormat format = parse_table_format(options.format);
  if (format != TableFormat::kText) {
    print(summary_table(evaluation, format));
    return 0;
  }
  print(description(evaluation));
  print("\n" + summary_table(evaluation, format));
  print("\n" + full_table(evaluation, format));
  return 0;
}

void add_columns(CLI::App& command, Options& options) {
  ScoreColumns& columns = options.columns;
  const std::string group = "Columns";
  command.add_option("--positive", columns.positive, "The label of a positive case")
      ->type_name("LABEL")
      ->group(group);
  command
      .add_option("--negative", columns.negatives,
                  "The label of a negative case, several times for several (the one other label)")
      ->type_name("LABEL")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--score", columns.scores,
                  "A column of scores, several times for several models (p:LABEL of --positive)")
      ->type_name("COLUMN")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--label", columns.label, "The labels")
      ->capture_default_str()
      ->type_name("COLUMN")
      ->group(group);
  command.add_option("--image", options.image, "What a case is called (image, if it is there)")
      ->type_name("COLUMN")
      ->group(group);
  command.add_option("--patient", options.patient, "Whose it is (patient, if it is there)")
      ->type_name("COLUMN")
      ->group(group);
  command.add_option("--lesion", columns.lesion, "Which lesion it shows")
      ->type_name("COLUMN")
      ->group(group);
  command.add_option("--split", options.split, "Which split it is of (split, if it is there)")
      ->type_name("COLUMN")
      ->group(group);
  command.add_option("--weight", columns.weight, "How much it counts")
      ->type_name("COLUMN")
      ->group(group);
}

void add_cases(CLI::App& command, Options& options) {
  const std::string group = "Cases";
  command
      .add_option("--counts", options.counts,
                  "TP,FN,FP,TN instead of files, NAME=TP,FN,FP,TN for several models")
      ->type_name("COUNTS")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--on", options.on, "The split that is reported, several times for several")
      ->type_name("SPLIT")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--level", options.level, "What a case is: image, lesion or patient")
      ->capture_default_str()
      ->type_name("LEVEL")
      ->group(group);
  command
      .add_option("--aggregate", options.aggregate,
                  "How the scores of its images become one: max, mean, or any for calls alone")
      ->capture_default_str()
      ->type_name("HOW")
      ->group(group);
  command
      .add_flag("--no-cluster", options.no_cluster,
                "Intervals as if the images of a patient were independent")
      ->group(group);
  command.add_flag("--one-class", options.one_class, "Accept cases of one class only")
      ->group(group);
}

void add_thresholds(CLI::App& command, Options& options) {
  const std::string group = "Threshold";
  command
      .add_option("--comparison", options.comparison,
                  "Which score is called positive: '>' or '>=' the threshold")
      ->capture_default_str()
      ->type_name("SIGN")
      ->group(group);
  command
      .add_option("--threshold", options.thresholds,
                  "The threshold: one for all models, or several times, one for each")
      ->type_name("NUMBER")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_option("--threshold-rule", options.threshold_rule,
                  "youden, corner, sensitivity=S, specificity=S, or cost=C@PREVALENCE")
      ->type_name("RULE")
      ->group(group);
  command
      .add_option("--threshold-split", options.threshold_split, "The split that it is chosen on")
      ->type_name("SPLIT")
      ->group(group);
  command
      .add_option("--threshold-file", options.threshold_files,
                  "The file that it is chosen on, one per model file")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_flag("--threshold-from-test", options.threshold_from_test,
                "Choose it on the reported cases; every output says so")
      ->group(group);
}

void add_statistics(CLI::App& command, Options& options) {
  const std::string group = "Statistics";
  command
      .add_option("--interval", options.interval,
                  "Of proportions: wald, wilson, clopper-pearson, agresti-coull")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command
      .add_option("--auc-interval", options.auc_interval,
                  "Of the AUC: delong, logit-delong, hanley-mcneil, bootstrap-percentile, "
                  "bootstrap-bca")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command.add_option("--draws", options.draws, "Draws of the bootstrap")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command.add_option("--seed", options.seed, "Seed of the bootstrap")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option("--style", options.style,
                  "kang2021: intervals and rounding as in Table 1 of that study")
      ->type_name("NAME")
      ->group(group);
  command.add_option("--confidence", options.confidence, "The level of all intervals")
      ->capture_default_str()
      ->type_name("LEVEL")
      ->group(group);
  command
      .add_option("--prevalence", options.prevalence,
                  "For PPV and NPV where this share of people is positive")
      ->type_name("SHARE")
      ->group(group);
  command
      .add_option("--partial-auc", options.partial_auc,
                  "The largest false positive rate of the partial AUC")
      ->capture_default_str()
      ->type_name("RATE")
      ->group(group);
  command.add_option("--bins", options.bins, "Bins of the calibration")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
}

void add_outputs(CLI::App& command, Options& options) {
  const std::string group = "Outputs";
  command
      .add_option("--format", options.format,
                  "What is printed and written as tables: text, markdown, csv, latex")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command.add_option("--json", options.json, "Everything, with definitions")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--table", options.table, "One row per model")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--full-table", options.full, "One row per metric")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--plots", options.plots, "A folder for the plots (SVG)")
      ->type_name("FOLDER")
      ->group(group);
}

}  // namespace

void add_evaluate(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("evaluate", "Metrics with intervals from predictions or counts");
  const auto options = std::make_shared<Options>();
  command
      ->add_option("predictions", options->files,
                   "CSV with labels and scores; several, or NAME=FILE, for several models")
      ->type_name("FILE");
  add_columns(*command, *options);
  add_cases(*command, *options);
  add_thresholds(*command, *options);
  add_statistics(*command, *options);
  add_outputs(*command, *options);
  command->footer(
      "Examples:\n"
      "  apatite evaluate predictions.csv --positive malignant --threshold 0.5 --json "
      "metrics.json\n"
      "  apatite evaluate a.csv b.csv --positive malignant --on test --threshold-rule youden \\\n"
      "    --threshold-split validation --format latex --plots plots/\n"
      "  apatite evaluate --counts ResNet-101=63,34,14,149 --style kang2021\n"
      "Each metric, its formula and its intervals: docs/metrics.md.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite
