// apatite evaluate as a user meets it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace apatite::cli {
namespace {

namespace fs = std::filesystem;

// 12 cases of 6 patients; model 1 separates them but for one tie.
constexpr std::string_view kPredictions =
    "image,label,patient,split,p:benign,p:malignant\n"
    "a,malignant,1,validation,0.1,0.9\n"
    "b,benign,1,validation,0.6,0.4\n"
    "c,malignant,2,validation,0.3,0.7\n"
    "d,benign,2,validation,0.8,0.2\n"
    "e,malignant,3,test,0.2,0.8\n"
    "f,benign,3,test,0.9,0.1\n"
    "g,malignant,4,test,0.5,0.5\n"
    "h,benign,4,test,0.5,0.5\n"
    "i,malignant,5,test,0.25,0.75\n"
    "j,benign,5,test,0.75,0.25\n"
    "k,benign,6,test,0.375,0.625\n"
    "l,malignant,6,test,0.0625,0.9375\n";

class Evaluate : public ::testing::Test {
 protected:
  Evaluate() { write_text(folder_ / "p.csv", std::string(kPredictions)); }

  ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    return run_program(APATITE_PROGRAM, arguments, folder_.path());
  }

  std::string refusal(const std::vector<std::string>& arguments, ErrorKind kind) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, static_cast<int>(kind)) << result.errors;
    EXPECT_EQ(result.output, "");
    return result.errors;
  }

  TemporaryFolder folder_;
};

TEST_F(Evaluate, PrintsTablesAndWritesTheSameFilesEveryTime) {
  const std::vector<std::string> arguments{
      "p.csv",  "--positive",        "malignant",  "--on",         "test",   "--threshold-rule",
      "youden", "--threshold-split", "validation", "--json",       "m.json", "--plots",
      "plots",  "--table",           "t.txt",      "--full-table", "f.txt",  "--prevalence",
      "0.01"};
  const ProgramResult first = run(arguments);
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_EQ(first.errors, "");
  EXPECT_TRUE(first.output.starts_with(
      "positive: malignant, negative: benign\n"
      "called positive: score > threshold\n"
      "cases: 12 cases read, 4 outside test, 8 in test, 4 patients, 4 malignant, 4 benign\n"
      "intervals: clustered by patient (4 patients)\n"
      "threshold of p:malignant: 0.4 by youden on split validation\n"
      "counts of p:malignant: TP 4, FN 0, FP 2, TN 2\n"))
      << first.output;
  const Json json = parse_json(read_text(folder_ / "m.json"), "m.json");
  EXPECT_EQ(json["models"][0]["counts"], (Json{{"tp", 4}, {"fn", 0}, {"fp", 2}, {"tn", 2}}));
  // Of 16 pairs e, i and l win all 12 and g two and a half.
  EXPECT_EQ(json["models"][0]["metrics"]["auc"]["ratio"],
            (Json{{"numerator", 29}, {"denominator", 32}}));
  EXPECT_EQ(json["sources"], Json::array({"p.csv"}));
  std::vector<std::string> files{"m.json", "t.txt", "f.txt"};
  for (const auto& entry : fs::directory_iterator(folder_ / "plots")) {
    files.push_back("plots/" + entry.path().filename().string());
  }
  EXPECT_EQ(files.size(), 8U);
  std::vector<std::string> bytes;
  for (const std::string& name : files) bytes.push_back(read_text(folder_ / name));
  EXPECT_EQ(run(arguments).output, first.output);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(read_text(folder_ / files[i]), bytes[i]) << files[i];
  }
}

TEST_F(Evaluate, JoinsFilesByImageUnderTheirNames) {
  std::string other = "image,label,p:malignant\n";
  for (const char image : std::string("lkjihgfe")) {
    other += std::string(1, image) +
             (std::string("egil").find(image) != std::string::npos ? ",malignant" : ",benign") +
             ",0.5\n";
  }
  write_text(folder_ / "q.csv", other);
  const std::string rows(kPredictions);
  write_text(folder_ / "r.csv",
             rows.substr(0, rows.find('\n') + 1) + rows.substr(rows.find("\ne,") + 1));
  const ProgramResult result =
      run({"new=r.csv", "q.csv", "--positive", "malignant", "--format", "markdown"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("| new | **0.906 "), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("| q | 0.500 "), std::string::npos) << result.output;
  EXPECT_EQ(refusal({"p.csv", "q.csv", "--positive", "malignant"}, ErrorKind::kBadFile),
            "apatite: q.csv: holds other images than p.csv; 4 missing: \"a\", \"b\", \"c\", \"d\"; "
            "give each model the same images\n");
}

TEST_F(Evaluate, ReproducesATableOfCounts) {
  const ProgramResult result =
      run({"--counts", "ResNet-101=63,34,14,149", "--style", "kang2021", "--format", "csv"});
  EXPECT_EQ(result.output,
            "Model,Sensitivity % (95% CI),Specificity % (95% CI),Accuracy % (95% CI),PPV % (95% "
            "CI),NPV % (95% CI)\n"
            "ResNet-101,64.95 (55.45-74.45),91.41 (87.11-95.71),81.54 (76.82-86.26),81.82 "
            "(73.21-90.43),81.42 (75.78-87.06)\n");
}

TEST_F(Evaluate, RefusesWithWhatToDo) {
  EXPECT_EQ(refusal({"p.csv"}, ErrorKind::kUsage),
            "apatite: evaluate: the positive class is not named; pass --positive LABEL, e.g. "
            "--positive malignant\n");
  EXPECT_EQ(refusal({}, ErrorKind::kUsage),
            "apatite: evaluate: there is nothing to evaluate; pass predictions (CSV), or --counts "
            "TP,FN,FP,TN\n");
  EXPECT_EQ(refusal({"p.csv", "--counts", "1,2,3,4"}, ErrorKind::kUsage),
            "apatite: evaluate: there are files and counts; pass predictions (CSV), or --counts "
            "TP,FN,FP,TN\n");
  EXPECT_EQ(refusal({"p.csv", "--positive", "cancer"}, ErrorKind::kBadFile),
            "apatite: p.csv: line 1: there is no column 'p:cancer'; the header has: image, label, "
            "patient, split, p:benign, p:malignant\n");
  EXPECT_EQ(
      refusal({"p.csv", "--positive", "malignant", "--interval", "jeffreys"}, ErrorKind::kUsage),
      "apatite: interval: there is none called 'jeffreys'; there are: wald, wilson, "
      "clopper-pearson, agresti-coull, kang2021\n");
  EXPECT_EQ(refusal({"p.csv", "--positive", "malignant", "--comparison", "<"}, ErrorKind::kUsage),
            "apatite: comparison: there is none written '<'; pass '>' or '>='\n");
  EXPECT_EQ(refusal({"missing.csv", "--positive", "malignant"}, ErrorKind::kIo),
            "apatite: missing.csv: cannot open (No such file or directory)\n");
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--confidence", "1"},
                                                        {"--prevalence", "0"},
                                                        {"--partial-auc", "1.5"},
                                                        {"--bins", "0"},
                                                        {"--draws", "1"},
                                                        {"--format", "html"},
                                                        {"--style", "kang2020"},
                                                        {"--level", "breast"},
                                                        {"--aggregate", "min"},
                                                        {"--auc-interval", "wald"},
                                                        {"--threshold-rule", "best"}}) {
    refusal({"p.csv", "--positive", "malignant", option, value}, ErrorKind::kUsage);
  }
}

TEST_F(Evaluate, NamesTheLineOfAnErrorInTheLastOfManyRows) {
  std::string text = "image,label,p:malignant\n";
  constexpr int kRows = 200'000;
  for (int i = 0; i < kRows; ++i) {
    text += "i" + std::to_string(i) + (i % 2 == 0 ? ",malignant,0.5\n" : ",benign,0.25\n");
  }
  write_text(folder_ / "big.csv", text + "last,benign,0.5O\n");
  EXPECT_EQ(
      refusal({"big.csv", "--positive", "malignant"}, ErrorKind::kBadFile),
      "apatite: big.csv: line 200002: the score \"0.5O\" in the column 'p:malignant' is not a "
      "number\n");
}

}  // namespace
}  // namespace apatite::cli
