// apatite compare as a user meets it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace apatite::cli {
namespace {

// 40 images named from `first` on, two of each patient, with the scores of two models.
std::string predictions(int first) {
  std::string text = "image,label,patient,split,a,b\n";
  for (int i = first; i < first + 40; ++i) {
    const auto number = static_cast<std::uint64_t>(i);
    const bool positive = i % 3 == 0;
    const double a = (positive ? 0.3 : 0.0) + 0.7 * static_cast<double>(random_unit(1, number));
    const double b = static_cast<double>(random_unit(2, number));
    text += std::to_string(i) + ".png," + (positive ? "malignant," : "benign,") +
            std::to_string(i / 2) + (i < first + 20 ? ",validation," : ",test,") + to_text(a) +
            "," + to_text(b) + "\n";
  }
  return text;
}

class Compare : public ::testing::Test {
 protected:
  Compare() {
    write_text(folder_ / "here.csv", predictions(0));
    write_text(folder_ / "there.csv", predictions(100));
  }

  ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"compare", "--positive", "malignant"});
    return run_program(APATITE_PROGRAM, arguments, folder_.path());
  }

  void expect_refusal(const std::vector<std::string>& arguments, const char* part) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.exit_code, static_cast<int>(ErrorKind::kUsage)) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
    EXPECT_EQ(result.output, "");
  }

  TemporaryFolder folder_;
};

TEST_F(Compare, PrintsTheTestsAndWritesTheSameFilesEveryTime) {
  const std::vector<std::string> arguments{
      "here.csv", "--score",          "a",      "--score",           "b",          "--on",
      "test",     "--threshold-rule", "youden", "--threshold-split", "validation", "--json",
      "c.json",   "--table",          "c.txt"};
  const ProgramResult first = run(arguments);
  EXPECT_EQ(first.exit_code, 0) << first.errors;
  EXPECT_NE(first.output.find("intervals: clustered by patient (10 patients)\n"), std::string::npos)
      << first.output;
  EXPECT_NE(first.output.find("obuchowski"), std::string::npos);
  EXPECT_NE(first.output.find("permutation-exact"), std::string::npos);  // 2^10 exchanges
  const std::string json = read_text(folder_ / "c.json");
  const std::string table = read_text(folder_ / "c.txt");
  EXPECT_EQ(parse_json(json, "c.json").at("format"), "apatite.comparison 1");
  EXPECT_NE(first.output.find(table), std::string::npos);
  const ProgramResult second = run(arguments);
  EXPECT_EQ(second.output, first.output);
  EXPECT_EQ(read_text(folder_ / "c.json"), json);
}

TEST_F(Compare, TwoFilesWithCasesOfTheirOwn) {
  const ProgramResult result = run({"here.csv", "there.csv", "--score", "a", "--unpaired", "--on",
                                    "test", "--threshold", "0.5", "--format", "csv"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(result.output.starts_with("Metric,A,B,Test,")) << result.output;
  EXPECT_NE(result.output.find("auc,here.csv,there.csv,obuchowski-unpaired,"), std::string::npos)
      << result.output;
}

TEST_F(Compare, RefusesWhatCannotBeCompared) {
  expect_refusal({}, "there is nothing to compare; pass predictions");
  expect_refusal({"here.csv", "--score", "a", "--on", "test"}, "there is one model");
  expect_refusal({"here.csv", "--score", "a", "--unpaired"}, "there are 1 files");
  expect_refusal({"here.csv", "here.csv", "--score", "a", "--unpaired"},
                 "40 of its images are in here.csv too");
  expect_refusal({"here.csv", "--score", "a", "--score", "b", "--correlation", "ar1"},
                 "there are: independence, exchangeable");
  expect_refusal({"here.csv", "--score", "a", "--score", "b", "--bootstrap", "-1"},
                 "pass 0 (none) to 10,000,000");
}

}  // namespace
}  // namespace apatite::cli
