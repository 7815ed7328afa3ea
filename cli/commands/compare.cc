// apatite compare: tests whether models differ, metric by metric.
#include <memory>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/options/score_options.h"
#include "cli/terminal/output.h"
#include "eval/comparison.h"
#include "eval/report/comparison_output.h"
#include "eval/report/metrics_table.h"

namespace apatite::cli {
namespace {

struct Options : ScoreOptions {
  bool unpaired = false;
  std::string correlation = "independence";
  int bootstrap = 2000, permutations = 2000;
  std::uint64_t seed = 1;
};

eval::ComparisonOptions comparison_options(const Options& options) {
  eval::ComparisonOptions result;
  result.evaluation = case_options(options);
  if (options.correlation == "exchangeable") {
    result.correlation = eval::WorkingCorrelation::kExchangeable;
  } else if (options.correlation != "independence") {
    throw Error(ErrorKind::kUsage, "--correlation",
                "there is none called '" + options.correlation + "'",
                "there are: independence, exchangeable");
  }
  for (const auto& [name, draws] : {std::pair{"--bootstrap", options.bootstrap},
                                    std::pair{"--permutations", options.permutations}}) {
    if (draws >= 0 && draws <= 10'000'000) continue;
    throw Error(ErrorKind::kUsage, name, to_text(std::int64_t{draws}) + " draws",
                "pass 0 (none) to 10,000,000");
  }
  result.bootstrap_draws = options.bootstrap;
  result.permutation_draws = options.permutations;
  result.seed = options.seed;
  return result;
}

eval::ModelComparison compare_files(const Options& options,
                                    const eval::ComparisonOptions& comparison) {
  const eval::ScoreColumns columns = columns_of(options, "compare");
  const eval::ProgressCallback& progress = comparison.evaluation.progress;
  std::vector<std::string> sources;
  eval::ModelComparison result;
  if (options.unpaired) {
    if (options.files.size() != 2) {
      throw Error(ErrorKind::kUsage, "--unpaired",
                  "there are " + std::to_string(options.files.size()) + " files",
                  "pass two, each with its own cases");
    }
    if (!options.threshold_files.empty() || options.thresholds.size() > 1) {
      throw Error(ErrorKind::kUsage, "--unpaired", "it takes one --threshold or a rule on a split",
                  "leave out --threshold-file and further thresholds");
    }
    eval::ScoreTable a = read_tables({options.files[0]}, columns, sources, progress);
    eval::ScoreTable b = read_tables({options.files[1]}, columns, sources, progress);
    // If both files have the same column, the models are named after the files.
    if (a.models.size() == 1 && b.models.size() == 1 && a.models[0].name == b.models[0].name) {
      a.models[0].name = sources[0];
      b.models[0].name = sources[1];
    }
    result = eval::compare_unpaired(std::move(a), std::move(b), comparison);
  } else {
    if (options.files.empty()) {
      throw Error(ErrorKind::kUsage, "compare", "there is nothing to compare",
                  "pass predictions (CSV)");
    }
    ScoreFiles files = read_score_files(options, columns, progress);
    result = eval::compare_models(std::move(files.table), files.tuning ? &*files.tuning : nullptr,
                                  comparison);
    sources = files.sources;
  }
  result.evaluation.sources = sources;
  return result;
}

int run(const Options& options) {
  const eval::TableFormat format = eval::parse_table_format(options.format);
  StepProgress progress;
  eval::ComparisonOptions settings = comparison_options(options);
  settings.evaluation.progress = progress.callback();
  const eval::ModelComparison comparison = compare_files(options, settings);
  if (!options.json.empty()) write_file(options.json, to_text(eval::comparison_json(comparison)));
  if (!options.table.empty()) write_file(options.table, eval::comparison_table(comparison, format));
  if (format != eval::TableFormat::kText) {
    print(eval::comparison_table(comparison, format));
    return 0;
  }
  print(eval::description(comparison.evaluation));
  print(eval::comparison_notes(comparison));
  print("\n" + eval::summary_table(comparison.evaluation, format));
  print("\n" + eval::comparison_table(comparison, format));
  return 0;
}

void add_tests(CLI::App& command, Options& options) {
  const std::string group = "Tests";
  command
      .add_flag(
          "--unpaired", options.unpaired,
          "compare two files that have different cases, such as those of two hospitals. Default: "
          "off, all models have the same cases")
      ->group(group);
  command
      .add_option("--correlation", options.correlation,
                  "working correlation of GEE: independence or exchangeable")
      ->capture_default_str()
      ->type_name("NAME")
      ->group(group);
  command
      .add_option(
          "--bootstrap", options.bootstrap,
          "number of draws of the bootstrap of AUCs, up to 10,000,000; 0 leaves the bootstrap out")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option("--permutations", options.permutations,
                  "number of draws of the permutation test of AUCs, up to 10,000,000; 0 leaves the "
                  "test out")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option("--seed", options.seed,
                  "seed of the random numbers of both, an integer of 0 or more")
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
}

}  // namespace

void add_compare(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("compare", "Test whether models differ, metric by metric");
  const auto options = std::make_shared<Options>();
  add_score_options(*command, *options);
  add_tests(*command, *options);
  add_output_options(*command, *options, "test");
  command->footer(
      "Examples:\n"
      "  apatite compare resnet.csv densenet.csv --positive malignant --threshold 0.5\n"
      "  apatite compare all.csv --positive malignant --score resnet --score densenet \\\n"
      "    --on test --threshold-rule youden --threshold-split validation --json compare.json\n"
      "  apatite compare here.csv there.csv --positive malignant --unpaired\n"
      "AUCs are always compared. Sensitivity, specificity, accuracy, PPV and NPV are compared if "
      "there\n"
      "is a threshold. docs/comparisons.md explains each test, its formula and its source.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
