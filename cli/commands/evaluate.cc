// apatite evaluate: computes the metrics of a diagnostic-accuracy study from scores and labels.
#include "eval/evaluation.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/score_options.h"
#include "cli/terminal/output.h"
#include "eval/report/metrics_json.h"
#include "eval/report/metrics_plots.h"
#include "eval/report/metrics_table.h"

namespace apatite::cli {
namespace {

namespace fs = std::filesystem;

struct Options : ScoreOptions {
  std::vector<std::string> counts;
  bool one_class = false;

  std::string interval = "wilson", auc_interval = "delong", style;
  double partial_auc = 0.1;
  double prevalence = -1;
  int bins = 10, draws = 2000;
  std::uint64_t seed = 1;

  std::string full, plots;
};

eval::EvaluationOptions evaluation_options(const Options& options) {
  eval::EvaluationOptions result = case_options(options);
  if (!options.style.empty() && options.style != "kang2021") {
    throw Error(ErrorKind::kUsage, "--style", "there is none called '" + options.style + "'",
                "there is: kang2021");
  }
  result.confusion.proportions =
      eval::proportion_method(options.style.empty() ? options.interval : options.style);
  if (result.confusion.proportions == eval::ProportionMethod::kKang2021 &&
      options.confidence != 0.95) {
    throw Error(ErrorKind::kUsage, "--style", "kang2021 has 95 % intervals only",
                "leave out --confidence");
  }
  if (options.prevalence != -1) {
    if (!(options.prevalence > 0 && options.prevalence < 1)) {
      throw Error(ErrorKind::kUsage, "--prevalence",
                  to_text(options.prevalence) + " is not a prevalence",
                  "pass a number between 0 and 1");
    }
    result.confusion.prevalence = options.prevalence;
  }
  result.auc = eval::parse_auc_method(options.auc_interval);
  if (options.draws < 2 || options.draws > 10'000'000) {
    throw Error(ErrorKind::kUsage, "--draws", to_text(std::int64_t{options.draws}) + " draws",
                "pass 2 to 10,000,000");
  }
  result.draws = options.draws;
  result.seed = options.seed;
  if (!(options.partial_auc > 0 && options.partial_auc <= 1)) {
    throw Error(ErrorKind::kUsage, "--partial-auc",
                to_text(options.partial_auc) + " is not a false positive rate",
                "pass a number above 0 and at most 1");
  }
  result.partial_auc = options.partial_auc;
  if (options.bins < 1 || options.bins > 1000) {
    throw Error(ErrorKind::kUsage, "--bins", to_text(std::int64_t{options.bins}) + " bins",
                "pass 1 to 1000");
  }
  result.bins = options.bins;
  result.allow_one_class = options.one_class;
  result.curves = !options.plots.empty();
  return result;
}

eval::Evaluation evaluate_files(const Options& options, const eval::EvaluationOptions& evaluation) {
  ScoreFiles files =
      read_score_files(options, columns_of(options, "evaluate"), evaluation.progress);
  eval::Evaluation result =
      eval::evaluate(std::move(files.table), files.tuning ? &*files.tuning : nullptr, evaluation);
  result.sources = files.sources;
  return result;
}

void write_outputs(const eval::Evaluation& evaluation, const Options& options) {
  if (!options.json.empty()) write_file(options.json, to_text(eval::metrics_json(evaluation)));
  const eval::TableFormat format = eval::parse_table_format(options.format);
  if (!options.table.empty()) write_file(options.table, eval::summary_table(evaluation, format));
  if (!options.full.empty()) write_file(options.full, eval::full_table(evaluation, format));
  if (options.plots.empty()) return;
  std::error_code error;
  fs::create_directories(options.plots, error);
  if (error) {
    throw Error(ErrorKind::kIo, options.plots, "cannot create (" + error.message() + ")");
  }
  for (const eval::NamedPlot& plot : eval::metrics_plots(evaluation)) {
    write_file(fs::path(options.plots) / plot.name, plot.svg);
  }
}

int run(const Options& options) {
  StepProgress progress;
  eval::EvaluationOptions settings = evaluation_options(options);
  settings.progress = progress.callback();
  (void)eval::parse_table_format(options.format);
  if (options.files.empty() == options.counts.empty()) {
    throw Error(
        ErrorKind::kUsage, "evaluate",
        options.files.empty() ? "there is nothing to evaluate" : "there are files and counts",
        "pass predictions (CSV), or --counts TP,FN,FP,TN");
  }
  std::vector<eval::CountedModel> counted;
  for (const std::string& text : options.counts) counted.push_back(eval::parse_counts(text));
  const eval::Evaluation evaluation = counted.empty() ? evaluate_files(options, settings)
                                                      : eval::evaluate_counts(counted, settings);
  write_outputs(evaluation, options);
  const eval::TableFormat format = eval::parse_table_format(options.format);
  if (format != eval::TableFormat::kText) {
    print(eval::summary_table(evaluation, format));
    return 0;
  }
  print(eval::description(evaluation));
  print("\n" + eval::summary_table(evaluation, format));
  print("\n" + eval::full_table(evaluation, format));
  return 0;
}

void add_counts(CLI::App& command, Options& options) {
  command
      .add_option("--counts", options.counts,
                  "numbers of cases TP,FN,FP,TN of a model, instead of files; repeat the option as "
                  "NAME=TP,FN,FP,TN for several models. Default: none")
      ->type_name("COUNTS")
      ->allow_extra_args(false)
      ->group("Cases");
  command
      .add_flag("--one-class", options.one_class,
                "accept cases of one class only; metrics that need both are then undefined. "
                "Default: off")
      ->group("Cases");
}

void add_statistics(CLI::App& command, Options& options) {
  const std::string group = "Statistics";
  command
      .add_option("--interval", options.interval,
                  "method of the intervals of proportions: wald, wilson, clopper-pearson or "
                  "agresti-coull")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command
      .add_option("--auc-interval", options.auc_interval,
                  "method of the interval of the AUC: delong, logit-delong, hanley-mcneil, "
                  "bootstrap-percentile or bootstrap-bca")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command.add_option("--draws", options.draws, "number of bootstrap draws, 2 to 10,000,000")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option("--seed", options.seed,
                  "seed of the random numbers of the bootstrap, an integer of 0 or more")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option(
          "--style", options.style,
          "kang2021: intervals and rounding of proportions as in Table 1 of Kang et al. 2021. "
          "Default: none")
      ->type_name("NAME")
      ->group(group);
  command
      .add_option("--prevalence", options.prevalence,
                  "prevalence for which PPV and NPV are reported in addition, a fraction between 0 "
                  "and 1. Default: none")
      ->type_name("SHARE")
      ->group(group);
  command
      .add_option("--partial-auc", options.partial_auc,
                  "largest false positive rate of the partial AUC, a fraction of 1")
      ->capture_default_str()
      ->type_name("RATE")
      ->group(group);
  command
      .add_option("--bins", options.bins,
                  "number of bins of equal width for the calibration, 1 to 1000")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
}

void add_outputs(CLI::App& command, Options& options) {
  add_output_options(command, options, "model");
  const std::string group = "Outputs";
  command
      .add_option("--full-table", options.full,
                  "file to write with the table that has one row per metric. Default: none")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--plots", options.plots,
                  "folder to write the plots to, as SVG files. Default: no plots")
      ->type_name("FOLDER")
      ->group(group);
}

}  // namespace

void add_evaluate(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "evaluate", "Compute metrics with confidence intervals from predictions or counts");
  const auto options = std::make_shared<Options>();
  add_score_options(*command, *options);
  add_counts(*command, *options);
  add_statistics(*command, *options);
  add_outputs(*command, *options);
  command->footer(
      "Examples:\n"
      "  apatite evaluate predictions.csv --positive malignant --threshold 0.5 --json "
      "metrics.json\n"
      "  apatite evaluate a.csv b.csv --positive malignant --on test --threshold-rule youden \\\n"
      "    --threshold-split validation --format latex --plots plots/\n"
      "  apatite evaluate --counts ResNet-101=63,34,14,149 --style kang2021\n"
      "docs/metrics.md explains each metric, its formula and its intervals.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
