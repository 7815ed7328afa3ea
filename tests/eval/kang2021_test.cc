// Table 1 of Kang et al. 2021 from its counts: tests/goldens/eval/kang2021_table1.json.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "eval/evaluation.h"
#include "eval/report/metrics_table.h"
#include "tests/support/source_dir.h"

namespace apatite::eval {
namespace {

constexpr std::array<std::string_view, 5> kMetrics{"sensitivity", "specificity", "accuracy", "ppv",
                                                   "npv"};

TEST(Kang2021, EveryPercentageAndIntervalOfTable1ComesBack) {
  const auto path = source_dir() / "tests/goldens/eval/kang2021_table1.json";
  const Json table = parse_json(read_file(path, 1 << 20), path.string());

  EvaluationOptions options;
  options.confusion.proportions = ProportionMethod::kKang2021;
  std::vector<CountedModel> counted;
  for (const Json& row : table["models"]) {
    counted.push_back({row["name"], row["tp"], row["fn"], row["fp"], row["tn"]});
  }
  const Evaluation evaluation = evaluate_counts(counted, options);
  const std::string text = summary_table(evaluation, TableFormat::kText);

  int printed = 0;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    for (const std::string_view id : kMetrics) {
      const Json& expected = table["models"][i][std::string(id)];
      const std::string cell =
          fixed(expected[0], 2) + " (" + fixed(expected[1], 2) + "-" + fixed(expected[2], 2) + ")";
      EXPECT_NE(text.find(cell), std::string::npos) << counted[i].name << " " << id << " " << cell;
      // The limits agree digit by digit in the metrics, too.
      const Metric* metric = evaluation.models[i].find(id);
      ASSERT_TRUE(metric != nullptr && metric->value && metric->interval);
      EXPECT_EQ(fixed(metric->interval->low * 100, 2), fixed(expected[1], 2));
      EXPECT_EQ(fixed(metric->interval->high * 100, 2), fixed(expected[2], 2));
      printed += 3;
    }
  }
  EXPECT_EQ(printed, 90);
}

TEST(Kang2021, RoundsHalvesUpBeforeItAdds) {
  // 1 of 8: 12.50 % and 1.96 sqrt(0.125 * 0.875 / 8) = 22.917...: 12.50 -+ 22.92, not cut.
  const ConfidenceInterval interval = proportion_interval(ProportionMethod::kKang2021, 1, 8, 0.95);
  EXPECT_EQ(interval.low, -0.1042);
  EXPECT_EQ(interval.high, 0.3542);
  EXPECT_EQ(hundredths_of_percent(1, 3), 3333);
  EXPECT_EQ(hundredths_of_percent(2, 3), 6667);
  EXPECT_EQ(hundredths_of_percent(1, 20000), 1);  // 0.005 % is a half
}

TEST(Kang2021, MarksTheBestOfEachColumn) {
  EvaluationOptions options;
  options.confusion.proportions = ProportionMethod::kKang2021;
  const Evaluation evaluation = evaluate_counts(
      {parse_counts("A&B=63,34,14,149"), parse_counts("C_D=70,27,22,141")}, options);
  EXPECT_EQ(summary_table(evaluation, TableFormat::kMarkdown),
            "| Model | Sensitivity % (95% CI) | Specificity % (95% CI) | Accuracy % (95% CI) | PPV "
            "% (95% CI) | NPV % (95% CI) |\n"
            "| --- | --- | --- | --- | --- | --- |\n"
            "| A&B | 64.95 (55.45\u201374.45) | **91.41 (87.11\u201395.71)** | **81.54 "
            "(76.82\u201386.26)** | **81.82 (73.21\u201390.43)** | 81.42 (75.78\u201387.06) |\n"
            "| C\\_D | **72.16 (63.24\u201381.08)** | 86.50 (81.25\u201391.75) | 81.15 "
            "(76.40\u201385.90) | 76.09 (67.37\u201384.81) | **83.93 (78.38\u201389.48)** |\n");
  EXPECT_EQ(summary_table(evaluation, TableFormat::kCsv),
            "Model,Sensitivity % (95% CI),Specificity % (95% CI),Accuracy % (95% CI),PPV % (95% "
            "CI),NPV % (95% CI)\n"
            "A&B,64.95 (55.45-74.45),91.41 (87.11-95.71)*,81.54 (76.82-86.26)*,81.82 "
            "(73.21-90.43)*,81.42 (75.78-87.06)\n"
            "C_D,72.16 (63.24-81.08)*,86.50 (81.25-91.75),81.15 (76.40-85.90),76.09 "
            "(67.37-84.81),83.93 (78.38-89.48)*\n");
  const std::string latex = summary_table(evaluation, TableFormat::kLatex);
  EXPECT_NE(latex.find("A\\&B & 64.95 (55.45--74.45) & \\textbf{91.41 (87.11--95.71)} & "),
            std::string::npos)
      << latex;
  EXPECT_NE(latex.find("C\\_D & \\textbf{72.16"), std::string::npos);
}

}  // namespace
}  // namespace apatite::eval
