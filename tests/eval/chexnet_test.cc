// 22,433 chest images, 14 findings: the published AUCs, and what patients change.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/csv.h"
#include "base/file.h"
#include "eval/evaluation.h"
#include "tests/support/shared_data.h"

namespace apatite::eval {
namespace {

std::string gunzip(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  std::string part(1 << 16, '\0');
  int count = 0;
  while ((count = gzread(file, part.data(), static_cast<unsigned>(part.size()))) > 0) {
    text.append(part, 0, static_cast<std::size_t>(count));
  }
  gzclose(file);
  if (count < 0) throw std::runtime_error("cannot read " + path.string());
  return text;
}

struct Study {
  std::string predictions;
  std::map<std::string, std::pair<std::string, std::string>> findings;  // image: findings, patient
  std::map<std::string, double> published;                              // finding: AUC
};

Study read_study(const std::filesystem::path& folder) {
  Study study;
  study.predictions = read_file(folder / "preds.csv", 1 << 24);
  const std::string entries = gunzip(folder / "Data_Entry_2017_v2020.csv.gz");
  CsvReader reader(entries, "entries");
  const CsvHeader header(reader);
  const std::size_t image = header.require(reader, "Image Index");
  const std::size_t finding = header.require(reader, "Finding Labels");
  const std::size_t patient = header.require(reader, "Patient ID");
  while (const auto row = reader.next()) {
    study.findings[row->fields[image]] = {row->fields[finding], row->fields[patient]};
  }
  const std::string aucs = read_file(folder / "aucs.csv", 1 << 16);
  CsvReader published(aucs, "aucs.csv");
  (void)published.next();
  while (const auto row = published.next()) {
    study.published[row->fields[0]] = std::stod(row->fields[1]);
  }
  return study;
}

bool names(const std::string& findings, const std::string& finding) {
  return ("|" + findings + "|").find("|" + finding + "|") != std::string::npos;
}

// The predictions with the columns label and patient, as one would write them for one finding.
std::string with_labels(const Study& study, const std::string& finding) {
  CsvReader reader(study.predictions, "preds.csv");
  std::string text;
  while (auto row = reader.next()) {
    if (row->line == 1) {
      row->fields.insert(row->fields.end(), {"label", "patient"});
    } else {
      const auto& [findings, patient] = study.findings.at(row->fields[0]);
      row->fields.insert(row->fields.end(), {names(findings, finding) ? "yes" : "no", patient});
    }
    text += csv_line(row->fields);
  }
  return text;
}

double width(const Evaluation& evaluation) {
  const Metric* auc = evaluation.models.at(0).find("auc");
  return auc->interval->high - auc->interval->low;
}

TEST(CheXNet, AllPublishedAucsComeBack) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Study study = read_study(data / "chexnet");
  ASSERT_EQ(study.published.size(), 14U);
  for (const auto& [finding, published] : study.published) {
    const std::string text = with_labels(study, finding);
    const ScoreColumns columns{.positive = "yes",
                               .negatives = {"no"},
                               .scores = {"prob_" + finding},
                               .image = "Image Index"};
    ScoreTable table = parse_scores(text, finding, columns);
    ASSERT_EQ(table.size(), 22'433U);
    EvaluationOptions options;
    options.clustered = false;
    const Evaluation alone = evaluate(table, nullptr, options);
    EXPECT_LE(std::abs(*alone.models[0].find("auc")->value - published), 2e-16) << finding;

    options.clustered = true;
    const Evaluation clustered = evaluate(std::move(table), nullptr, options);
    EXPECT_TRUE(clustered.clustered);
    EXPECT_EQ(clustered.models[0].find("auc")->value, alone.models[0].find("auc")->value);
    EXPECT_EQ(clustered.models[0].find("auc")->method, "obuchowski");
    // Images of a patient are alike: the honest interval is wider, by how much depends on the
    // finding.
    const double ratio = width(clustered) / width(alone);
    RecordProperty(finding, std::to_string(ratio));
    EXPECT_GT(ratio, 0.95) << finding;
    EXPECT_LT(ratio, 3) << finding;
  }
}

}  // namespace
}  // namespace apatite::eval
