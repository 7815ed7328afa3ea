#include "eval/report/metrics_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"
#include "eval/statistics/metric_definitions.h"

namespace apatite::eval {
namespace {

struct Cell {
  std::string text;
  bool best = false;
};
using Rows = std::vector<std::vector<Cell>>;

// Unicode and TeX have a dash for ranges; a text file uses the hyphen.
std::string_view dash(TableFormat format) {
  switch (format) {
    case TableFormat::kMarkdown:
      return "\u2013";
    case TableFormat::kLatex:
      return "--";
    case TableFormat::kText:
    case TableFormat::kCsv:
      return "-";
  }
  return "-";
}

std::string latex_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '<':
      case '>':
        escaped += std::string("$") + c + "$";
        break;
      case '&':
      case '%':
      case '$':
      case '#':
      case '_':
      case '{':
      case '}':
        escaped += '\\';
        escaped += c;
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string markdown_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\|*_`<").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// The number of characters of a UTF-8 text.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string text_table(const Rows& rows) {
  std::vector<std::size_t> widths;
  const auto shown = [](const Cell& cell) { return cell.text + (cell.best ? "*" : ""); };
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width(shown(row[i])));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += shown(row[i]) + std::string(widths[i] - width(shown(row[i])), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string markdown_table(const Rows& rows) {
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const Cell& cell : rows[r]) {
      const std::string shown = markdown_escape(cell.text);
      text += cell.best ? "| **" + shown + "** " : "| " + shown + " ";
    }
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t i = 0; i < rows[r].size(); ++i) text += "| --- ";
    text += "|\n";
  }
  return text;
}

std::string csv_table(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    std::vector<std::string> fields;
    fields.reserve(row.size());
    for (const Cell& cell : row) fields.push_back(cell.text + (cell.best ? "*" : ""));
    text += csv_line(fields);
  }
  return text;
}

std::string latex_table(const Rows& rows) {
  std::string text = "\\begin{tabular}{" + std::string(rows.front().size(), 'l') + "}\n\\hline\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const Cell& cell = rows[r][i];
      if (i > 0) text += " & ";
      // The dash of a range is TeX's own.
      const std::string shown = latex_escape(cell.text);
      text += cell.best ? "\\textbf{" + shown + "}" : shown;
    }
    text += " \\\\\n";
    if (r == 0) text += "\\hline\n";
  }
  return text + "\\hline\n\\end{tabular}\n";
}

std::string render(const Rows& rows, TableFormat format) {
  switch (format) {
    case TableFormat::kText:
      return text_table(rows);
    case TableFormat::kMarkdown:
      return markdown_table(rows);
    case TableFormat::kCsv:
      return csv_table(rows);
    case TableFormat::kLatex:
      return latex_table(rows);
  }
  return {};
}

std::string confidence_of(const Evaluation& evaluation) {
  return to_text(evaluation.options.confusion.confidence * 100) + "% CI";
}

// 0.6495 -> "64.95". Ratios of counts are rounded halves up, as in Kang et al. 2021.
std::string percentage(const Metric& metric, const ModelEvaluation& model) {
  if (model.confusion && !model.confusion->weighted) {
    const Confusion& c = *model.confusion;
    const std::array<std::pair<std::string_view, std::pair<double, double>>, 5> ratios{
        {{"sensitivity", {c.tp(), c.positives()}},
         {"specificity", {c.tn(), c.negatives()}},
         {"accuracy", {c.tp() + c.tn(), c.total()}},
         {"ppv", {c.tp(), c.tp() + c.fp()}},
         {"npv", {c.tn(), c.tn() + c.fn()}}}};
    for (const auto& [id, ratio] : ratios) {
      if (id != metric.id) continue;
      return fixed(
          static_cast<double>(hundredths_of_percent(static_cast<std::int64_t>(ratio.first),
                                                    static_cast<std::int64_t>(ratio.second))) /
              100,
          2);
    }
  }
  return fixed(*metric.value * 100, 2);
}

constexpr std::array<std::string_view, 6> kSummary{"auc",      "sensitivity", "specificity",
                                                   "accuracy", "ppv",         "npv"};

std::string summary_cell(const Metric& metric, const ModelEvaluation& model, TableFormat format) {
  if (!metric.value) return "undefined: " + metric.undefined;
  const bool is_auc = metric.id == "auc";
  std::string text = is_auc ? fixed(*metric.value, 3) : percentage(metric, model);
  if (!metric.interval) return text;
  const double scale = is_auc ? 1 : 100;
  const int decimals = is_auc ? 3 : 2;
  return text + " (" + fixed(metric.interval->low * scale, decimals) + std::string(dash(format)) +
         fixed(metric.interval->high * scale, decimals) + ")";
}

bool has(const Evaluation& evaluation, std::string_view id) {
  return std::any_of(evaluation.models.begin(), evaluation.models.end(),
                     [&](const ModelEvaluation& model) { return model.find(id) != nullptr; });
}

// The largest value of a column; empty if there is only one model.
std::optional<double> best_of(const Evaluation& evaluation, std::string_view id) {
  if (evaluation.models.size() < 2) return std::nullopt;
  std::optional<double> best;
  for (const ModelEvaluation& model : evaluation.models) {
    const Metric* metric = model.find(id);
    if (metric == nullptr || !metric->value) continue;
    best = best ? std::max(*best, *metric->value) : *metric->value;
  }
  return best;
}

// About six significant digits are enough for a reader; metrics.json has all digits.
std::string rounded(double value) {
  double magnitude = std::abs(value);
  int decimals = 6;
  for (; magnitude >= 10 && decimals > 0; magnitude /= 10) --decimals;
  std::string text = fixed(value, decimals);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

constexpr std::string_view kFromTest =
    "(T): the threshold was chosen on the reported cases; what is reported at it is too good";

bool from_test(const Evaluation& evaluation) {
  return std::any_of(evaluation.models.begin(), evaluation.models.end(),
                     [](const ModelEvaluation& model) { return model.threshold_from_test; });
}

std::string threshold_text(const ModelEvaluation& model) {
  return model.threshold ? to_text(*model.threshold) + (model.threshold_from_test ? " (T)" : "")
                         : std::string();
}

}  // namespace

TableFormat parse_table_format(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames{"text", "markdown", "csv", "latex"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    throw Error(ErrorKind::kUsage, "format", "there is none called '" + std::string(name) + "'",
                "there are: " + join(std::vector<std::string>(kNames.begin(), kNames.end())));
  }
  return static_cast<TableFormat>(found - kNames.begin());
}

std::string plain_table(const std::vector<std::vector<std::string>>& rows, TableFormat format) {
  Rows cells;
  for (const std::vector<std::string>& row : rows) {
    cells.emplace_back();
    for (const std::string& text : row) cells.back().push_back({text});
  }
  return render(cells, format);
}

std::string summary_table(const Evaluation& evaluation, TableFormat format) {
  const bool with_threshold =
      std::any_of(evaluation.models.begin(), evaluation.models.end(),
                  [](const ModelEvaluation& model) { return model.threshold.has_value(); });
  const std::string confidence = confidence_of(evaluation);
  Rows rows(1);
  rows[0].push_back({"Model"});
  if (with_threshold) rows[0].push_back({"Cut-off"});
  std::vector<std::string_view> columns;
  for (const std::string_view id : kSummary) {
    if (!has(evaluation, id)) continue;
    columns.push_back(id);
    std::string name(definition_of(id).name);
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
    if (id != "auc") name += " %";
    rows[0].push_back({name.append(" (").append(confidence).append(")")});
  }
  for (const ModelEvaluation& model : evaluation.models) {
    std::vector<Cell> row{{model.name}};
    if (with_threshold) row.push_back({threshold_text(model)});
    for (const std::string_view id : columns) {
      const Metric* metric = model.find(id);
      if (metric == nullptr) {
        row.push_back({});
        continue;
      }
      row.push_back({summary_cell(*metric, model, format),
                     metric->value && metric->value == best_of(evaluation, id)});
    }
    rows.push_back(std::move(row));
  }
  std::string text = render(rows, format);
  // These formats show the table alone. A CSV file has only the mark at the cut-off.
  if (from_test(evaluation) && format == TableFormat::kMarkdown) {
    text += "\n" + std::string(kFromTest) + "\n";
  } else if (from_test(evaluation) && format == TableFormat::kLatex) {
    text += "\\par " + std::string(kFromTest) + "\n";
  }
  return text;
}

std::string full_table(const Evaluation& evaluation, TableFormat format) {
  Rows rows{{{"Model"}, {"Metric"}, {"Value"}, {confidence_of(evaluation)}, {"Interval"}}};
  for (const ModelEvaluation& model : evaluation.models) {
    for (const Metric& metric : model.metrics) {
      std::vector<Cell> row{{model.name + (model.threshold_from_test ? " (T)" : "")},
                            {std::string(definition_of(metric.id).name)}};
      if (!metric.value) {
        row.insert(row.end(), {{"undefined: " + metric.undefined}, {}, {}});
      } else {
        row.push_back({rounded(*metric.value)});
        if (metric.interval) {
          row.push_back({rounded(metric.interval->low) + " to " + rounded(metric.interval->high)});
          row.push_back({metric.method});
        } else {
          row.push_back({metric.no_interval.empty() ? "" : "none: " + metric.no_interval});
          row.push_back({});
        }
      }
      rows.push_back(std::move(row));
    }
  }
  return render(rows, format);
}

std::string description(const Evaluation& evaluation) {
  std::string text;
  const auto line = [&](const std::string& statement) { text += statement + "\n"; };
  const EvaluationOptions& options = evaluation.options;
  if (!evaluation.positive_name.empty()) {
    line("positive: " + evaluation.positive_name +
         ", negative: " + join(evaluation.negative_names));
    line("called positive: score " + std::string(symbol(options.comparison)) + " threshold");
  }
  if (!evaluation.flow.empty()) {
    std::vector<std::string> steps;
    for (const FlowStep& step : evaluation.flow) {
      steps.push_back(with_thousands(step.count) + " " + step.what);
    }
    line("cases: " + join(steps));
  }
  if (options.level != AggregationLevel::kImage) {
    line("level: " + std::string(name_of(options.level)) + ", the " +
         std::string(name_of(options.aggregation)) + " over its images");
  }
  if (evaluation.weighted) line("cases are weighted");
  if (evaluation.clustered) {
    line("intervals: clustered by patient (" + with_thousands(evaluation.patients) + " patients)");
  }
  for (const ModelEvaluation& model : evaluation.models) {
    if (!model.threshold || model.threshold_rule == "given") continue;
    line("threshold of " + model.name + ": " + to_text(*model.threshold) + " by " +
         model.threshold_rule + " on " + model.threshold_on);
  }
  for (const ModelEvaluation& model : evaluation.models) {
    if (!model.confusion) continue;
    const Confusion& c = *model.confusion;
    line("counts of " + model.name + ": TP " + to_text(c.tp()) + ", FN " + to_text(c.fn()) +
         ", FP " + to_text(c.fp()) + ", TN " + to_text(c.tn()));
  }
  if (from_test(evaluation)) line("WARNING " + std::string(kFromTest));
  for (const std::string& note : evaluation.notes) line("note: " + note);
  return text;
}

}  // namespace apatite::eval
