// apatite::evaluate: the report of a table whose numbers can be counted by hand.
#include "apatite/evaluation.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace apatite {
namespace {

// Of the 3 x 3 pairs of a malignant and a benign image the malignant one has the higher score in 8.
constexpr const char* kTable =
    "image,label,p:malignant\n"
    "a,malignant,0.9\n"
    "b,malignant,0.75\n"
    "c,malignant,0.5\n"
    "d,benign,0.625\n"
    "e,benign,0.25\n"
    "f,benign,0.125\n";

class EvaluateFile : public ::testing::Test {
 protected:
  EvaluateFile() {
    write_text(folder_ / "p.csv", kTable);
    options_.positive = "malignant";
  }

  std::string refusal(ErrorKind kind) {
    try {
      static_cast<void>(evaluate(folder_ / "p.csv", options_));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  EvaluationOptions options_;
};

TEST_F(EvaluateFile, CountsAndIntervals) {
  options_.threshold = 0.5;
  const Report report = evaluate(folder_ / "p.csv", options_);
  EXPECT_EQ(report.metric("auc").value, 8.0 / 9.0);
  EXPECT_EQ(report.metric("sensitivity").value, 2.0 / 3.0);
  EXPECT_EQ(report.metric("specificity").value, 2.0 / 3.0);
  const MetricValue& sensitivity = report.metric("sensitivity");
  ASSERT_TRUE(sensitivity.low && sensitivity.high);
  EXPECT_LT(*sensitivity.low, 2.0 / 3.0);
  EXPECT_GT(*sensitivity.high, 2.0 / 3.0);
  EXPECT_FALSE(sensitivity.note.empty());

  const Json json = parse_json(report.json, "report");
  EXPECT_EQ(json["sources"][0], "p.csv");
  const Json& written = json["models"][0]["metrics"]["sensitivity"];
  EXPECT_EQ(written["value"], *sensitivity.value);
  EXPECT_EQ(written["interval"]["low"], *sensitivity.low);
  EXPECT_EQ(written["interval"]["high"], *sensitivity.high);
  EXPECT_EQ(written["interval"]["method"], sensitivity.note);
}

TEST_F(EvaluateFile, OptionsDecideTheIntervals) {
  options_.threshold = 0.5;
  const double wilson = *evaluate(folder_ / "p.csv", options_).metric("sensitivity").low;
  options_.proportion_interval = "clopper-pearson";
  const double exact = *evaluate(folder_ / "p.csv", options_).metric("sensitivity").low;
  EXPECT_LT(exact, wilson);
  options_.confidence = 0.5;
  EXPECT_GT(*evaluate(folder_ / "p.csv", options_).metric("sensitivity").low, exact);
  const double delong = *evaluate(folder_ / "p.csv", options_).metric("auc").low;
  options_.auc_interval = "hanley-mcneil";
  EXPECT_NE(*evaluate(folder_ / "p.csv", options_).metric("auc").low, delong);
}

TEST_F(EvaluateFile, WithoutAThresholdThereIsNoSensitivity) {
  const Report report = evaluate(folder_ / "p.csv", options_);
  EXPECT_EQ(report.metric("auc").value, 8.0 / 9.0);
  try {
    static_cast<void>(report.metric("sensitivity"));
    FAIL() << "there is a sensitivity";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("sensitivity"), std::string::npos) << error.what();
  }
}

TEST_F(EvaluateFile, ReadsTheColumnsThatAreNamed) {
  write_text(folder_ / "p.csv", "truth,score\nyes,2\nno,1\nno,3\n");
  options_.positive = "yes";
  options_.negatives = {"no"};
  options_.label_column = "truth";
  options_.score_column = "score";
  EXPECT_EQ(evaluate(folder_ / "p.csv", options_).metric("auc").value, 0.5);
}

TEST_F(EvaluateFile, RefusesWrongOptions) {
  options_.confidence = 1.5;
  EXPECT_NE(refusal(ErrorKind::kUsage).find("1.5"), std::string::npos);
  options_.confidence = 0.95;
  options_.proportion_interval = "guess";
  EXPECT_NE(refusal(ErrorKind::kUsage).find("guess"), std::string::npos);
  options_.proportion_interval = "wilson";
  options_.draws = 1;
  EXPECT_NE(refusal(ErrorKind::kUsage).find("draws"), std::string::npos);
  options_.draws = 2000;
  options_.positive.clear();
  EXPECT_NE(refusal(ErrorKind::kUsage).find("positive"), std::string::npos);
  options_.positive = "purple";
  EXPECT_NE(refusal(ErrorKind::kBadFile), "accepted");
}

}  // namespace
}  // namespace apatite
