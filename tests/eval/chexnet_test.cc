// 22,433 chest images, 14 findings: the published AUCs, and what patients change.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "base/csv.h"
#include "base/file.h"
#include "base/text.h"
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

// Obuchowski's variance of the AUC by the formulas of docs/comparisons.md, in the 64-bit fractions
// of long double.
struct Variance {
  long double value = 0;
  long double magnitude = 0;  // the same with the magnitude of each of its terms
};

Variance obuchowski_variance(const ScoreTable& table, const std::vector<std::int32_t>& clusters) {
  struct Sums {
    long double positives = 0, negatives = 0;  // m_k and n_k
    long double v10 = 0, v01 = 0;              // A_k and B_k
    [[nodiscard]] bool empty() const { return positives + negatives == 0; }
  };
  const std::vector<double>& scores = table.models.front().scores;
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    (table.positive[i] == 1 ? x : y).push_back(scores[i]);
  }
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  // Of sorted values, the share that is smaller than `score`, equal ones counting one half.
  const auto below = [](const std::vector<double>& values, double score) {
    const auto [first, last] = std::equal_range(values.begin(), values.end(), score);
    return static_cast<long double>((first - values.begin()) + (last - values.begin())) /
           (2 * static_cast<long double>(values.size()));
  };
  std::vector<Sums> sums(
      static_cast<std::size_t>(*std::max_element(clusters.begin(), clusters.end())) + 1);
  long double theta = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Sums& cluster = sums[static_cast<std::size_t>(clusters[i])];
    if (table.positive[i] == 1) {
      const long double placement = below(y, scores[i]);
      cluster.positives += 1;
      cluster.v10 += placement;
      theta += placement;
    } else {
      cluster.negatives += 1;
      cluster.v01 += 1 - below(x, scores[i]);
    }
  }
  const auto m = static_cast<long double>(x.size());
  const auto n = static_cast<long double>(y.size());
  theta /= m;
  long double count = 0, count_10 = 0, count_01 = 0, s10 = 0, s01 = 0, s11 = 0, size_11 = 0;
  for (const Sums& cluster : sums) {
    if (cluster.empty()) continue;
    const long double a = cluster.v10 - cluster.positives * theta;
    const long double b = cluster.v01 - cluster.negatives * theta;
    count += 1;
    if (cluster.positives > 0) count_10 += 1;
    if (cluster.negatives > 0) count_01 += 1;
    s10 += a * a;
    s01 += b * b;
    s11 += a * b;
    size_11 += std::abs(a * b);
  }
  const long double own =
      count_10 / ((count_10 - 1) * m) * s10 / m + count_01 / ((count_01 - 1) * n) * s01 / n;
  const long double factor = 2 * count / ((count - 1) * m * n);
  return {.value = own + factor * s11, .magnitude = own + factor * size_11};
}

// Checks the width of the interval, twice z standard errors (no AUC here is near 0 or 1), and
// returns it. eval/roc/placements.h promises a variance within a few units of 2^-53 of the sum of
// magnitudes: 16 are allowed, half of which remain after the square root. In addition z may be off
// by 32 units (16 eps, eval/statistics/distributions.h), the roots and products by 8, and each end
// of the interval and their difference, which are numbers below 1, are rounded once.
double checked_width(const Evaluation& evaluation, const Variance& variance,
                     const std::string& finding) {
  constexpr double kZ = 1.959963984540054;
  const Metric* auc = evaluation.models.at(0).find("auc");
  const double width = auc->interval->high - auc->interval->low;
  const double expected = 2 * kZ * std::sqrt(static_cast<double>(variance.value));
  const auto cancelled = static_cast<double>(variance.magnitude / variance.value);
  EXPECT_NEAR(width, expected, (8 * cancelled + 40) * 0x1p-53 * expected + 3 * 0x1p-54) << finding;
  return width;
}

TEST(CheXNet, AllPublishedAucsComeBack) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Study study = read_study(data / "chexnet");
  ASSERT_EQ(study.published.size(), 14U);
  std::vector<std::int32_t> each_alone(22'433);
  std::iota(each_alone.begin(), each_alone.end(), 0);
  std::vector<double> ratios;
  for (const auto& [finding, published] : study.published) {
    const std::string text = with_labels(study, finding);
    const ScoreColumns columns{.positive = "yes",
                               .negatives = {"no"},
                               .scores = {"prob_" + finding},
                               .image = "Image Index"};
    const ScoreTable table = parse_scores(text, finding, columns);
    ASSERT_EQ(table.size(), 22'433U);
    EvaluationOptions options;
    options.clustered = false;
    const Evaluation alone = evaluate(table, nullptr, options);
    EXPECT_LE(std::abs(*alone.models[0].find("auc")->value - published), 2e-16) << finding;

    options.clustered = true;
    const Evaluation clustered = evaluate(table, nullptr, options);
    EXPECT_TRUE(clustered.clustered);
    EXPECT_EQ(clustered.models[0].find("auc")->value, alone.models[0].find("auc")->value);
    EXPECT_EQ(clustered.models[0].find("auc")->method, "obuchowski");
    ratios.push_back(checked_width(clustered, obuchowski_variance(table, table.patient), finding) /
                     checked_width(alone, obuchowski_variance(table, each_alone), finding));
  }
  // What docs/metrics.md says of the images of a patient.
  std::sort(ratios.begin(), ratios.end());
  EXPECT_EQ(fixed(ratios.front(), 2), "0.99");
  EXPECT_EQ(fixed((ratios[6] + ratios[7]) / 2, 2), "1.31");
  EXPECT_EQ(fixed(ratios.back(), 2), "1.84");
}

}  // namespace
}  // namespace apatite::eval
