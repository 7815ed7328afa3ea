#include "eval/report/comparison_output.h"

#include <vector>

#include "base/text.h"
#include "eval/report/metrics_json.h"

namespace apatite::eval {
namespace {

std::string optional_text(const std::optional<double>& value, TableFormat format, int decimals) {
  if (!value) return {};
  return format == TableFormat::kCsv ? to_text(*value) : fixed(*value, decimals);
}

std::string p_text(const std::optional<double>& p, TableFormat format) {
  if (!p) return {};
  if (format == TableFormat::kCsv) return to_text(*p);
  if (*p < 0.0001) return "<0.0001";
  return fixed(*p, *p < 0.001 ? 4 : 3);
}

std::string name_of_model(const ModelComparison& comparison,
                          const std::optional<std::size_t>& model) {
  return model ? comparison.evaluation.models[*model].name : "all models";
}

std::string statistic_text(const ComparisonTest& test, TableFormat format) {
  if (!test.statistic) return {};
  std::string text(test.statistic_name);
  if (test.degrees_of_freedom) {
    const double df = *test.degrees_of_freedom;
    text += "(" + (test.statistic_name == "t" ? fixed(df, 1) : fixed(df, 0)) + ")";
  }
  return text + " = " + optional_text(test.statistic, format, 3);
}

std::vector<std::string> row_of(const ModelComparison& comparison, const ComparisonTest& test,
                                TableFormat format) {
  std::vector<std::string> row{std::string(test.metric), name_of_model(comparison, test.a),
                               test.b ? name_of_model(comparison, test.b) : "", test.test};
  if (!test.undefined.empty()) {
    row.insert(row.end(), {"", "", "undefined: " + test.undefined, "", "", "", ""});
    return row;
  }
  std::string difference = optional_text(test.difference, format, 4);
  if (test.interval) {
    difference += " (" + optional_text(test.interval->low, format, 4) + " to " +
                  optional_text(test.interval->high, format, 4) + ")";
  }
  row.insert(row.end(),
             {optional_text(test.value_a, format, 4), optional_text(test.value_b, format, 4),
              difference, statistic_text(test, format), p_text(test.p_value, format),
              p_text(test.p_holm, format), p_text(test.p_benjamini_hochberg, format)});
  return row;
}

Json test_json(const ModelComparison& comparison, const ComparisonTest& test) {
  Json json{{"metric", test.metric}, {"test", test.test}};
  if (test.a) {
    json["models"] = {name_of_model(comparison, test.a), name_of_model(comparison, test.b)};
  }
  if (!test.undefined.empty()) {
    json["undefined"] = test.undefined;
    return json;
  }
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) json[key] = *value;
  };
  add("value_a", test.value_a);
  add("value_b", test.value_b);
  add("difference", test.difference);
  if (test.interval) {
    json["interval"] = {{"low", test.interval->low}, {"high", test.interval->high}};
  }
  add("statistic", test.statistic);
  if (test.statistic) json["statistic_is"] = test.statistic_name;
  add("degrees_of_freedom", test.degrees_of_freedom);
  add("odds_ratio", test.odds_ratio);
  json["p"] = test.p_value;
  add("p_holm", test.p_holm);
  add("p_benjamini_hochberg", test.p_benjamini_hochberg);
  return json;
}

}  // namespace

std::string comparison_table(const ModelComparison& comparison, TableFormat format) {
  const std::string confidence =
      to_text(comparison.options.evaluation.confusion.confidence * 100) + "% CI";
  std::vector<std::vector<std::string>> rows{{"Metric", "A", "B", "Test", "Value A", "Value B",
                                              "A - B (" + confidence + ")", "Statistic", "p",
                                              "p Holm", "p BH"}};
  for (const ComparisonTest& test : comparison.tests) {
    rows.push_back(row_of(comparison, test, format));
  }
  return plain_table(rows, format);
}

std::string comparison_notes(const ModelComparison& comparison) {
  const ComparisonOptions& options = comparison.options;
  std::string text =
      "p-values are two-sided; Holm and BH adjust over the pairs of one metric and "
      "test\n";
  const auto draws = [&](const char* what, int count) {
    if (count > 0) {
      text += std::string(what) + ": " + with_thousands(count) + " draws of " +
              (comparison.evaluation.clustered ? "patients" : "cases") + ", seed " +
              std::to_string(options.seed) + "\n";
    }
  };
  draws("bootstrap", options.bootstrap_draws);
  if (comparison.paired) draws("permutation", options.permutation_draws);
  return text;
}

Json comparison_json(const ModelComparison& comparison) {
  const ComparisonOptions& options = comparison.options;
  Json json{{"format", "apatite.comparison 1"},
            {"paired", comparison.paired},
            {"working_correlation", name_of(options.correlation)},
            {"evaluation", metrics_json(comparison.evaluation)}};
  json["bootstrap_draws"] = options.bootstrap_draws;
  json["seed"] = options.seed;
  if (comparison.paired) json["permutation_draws"] = options.permutation_draws;
  json["tests"] = Json::array();
  for (const ComparisonTest& test : comparison.tests) {
    json["tests"].push_back(test_json(comparison, test));
  }
  return json;
}

}  // namespace apatite::eval
