#include "study/explain/explanation_lists.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/csv.h"
#include "base/file.h"
#include "base/text.h"
#include "gradcam/map/saliency_map.h"
#include "study/explain/contact_sheet.h"
#include "study/explain/explanation_files.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

// Of explanation_columns().
constexpr std::size_t kClassColumn = 6;
constexpr std::size_t kScoreColumn = 7;
constexpr std::size_t kProbabilityColumn = 8;
constexpr std::size_t kStateColumn = 9;

double number_of(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The record of one image: its rows go to `table`, the last one to the sheet.
SheetRow read_rows(const std::string& text, const ManifestEntry& listed, AtomicFile& table,
                   ExplainSummary& summary) {
  CsvReader reader(text, "journal");
  std::vector<std::vector<std::string>> rows;
  while (auto row = reader.next()) rows.push_back(std::move(row->fields));
  const std::vector<std::string> sheet = std::move(rows.back());
  rows.pop_back();
  for (const auto& row : rows) {
    table.write(csv_line(row));
    ++summary.maps;
    if (row[kStateColumn] != gradcam::name_of(gradcam::MapState::kPositive))
      ++summary.without_evidence;
  }
  const std::vector<std::string>& first = rows.front();
  return {.image = listed.image,
          .label = listed.label,
          .predicted = sheet[0],
          .explained = first[kClassColumn],
          .score = number_of(first[kScoreColumn]),
          .probability = number_of(first[kProbabilityColumn]),
          .note = sheet[1],
          .picture = sheet[2],
          .thumbnail = sheet[3]};
}

std::vector<std::string> facts_of(const ExplainOptions& options, const ExplainSummary& summary) {
  std::vector<std::string> lines{
      "models: " + join(model_names(options.weights)), "methods: " + method_names(options.maps),
      "layers: " + (options.maps.layers.empty() ? "the default" : join(options.maps.layers)),
      "class: " + options.target,
      with_thousands(summary.images) + " images, " + with_thousands(summary.maps) + " maps, " +
          with_thousands(summary.without_evidence) + " of them without evidence to show"};
  if (summary.images > options.thumbnails) {
    lines.push_back("thumbnails of the first " + with_thousands(options.thumbnails) +
                    " images; the others open by their link");
  }
  return lines;
}

}  // namespace

std::vector<std::string> model_names(const std::vector<fs::path>& weights) {
  std::vector<std::string> names;
  for (const fs::path& path : weights) {
    const std::string stem = file_part(path.stem().string());
    std::string name = stem;
    for (std::int64_t i = 2; std::find(names.begin(), names.end(), name) != names.end(); ++i) {
      name = stem + "-" + to_text(i);
    }
    names.push_back(name);
  }
  return names;
}

ExplainSummary write_explanation_lists(const ImageRun& run, const ExplainOptions& options) {
  ExplainSummary summary;
  AtomicFile table(options.output / "explanations.csv");
  table.write(csv_line(explanation_columns()));
  std::vector<SheetRow> sheet;
  static_cast<RunSummary&>(summary) =
      run.collect([&](const ListedImage& image, const std::string& record) {
        sheet.push_back(read_rows(record, image.entry, table, summary));
      });
  write_file(options.output / "index.html",
             contact_sheet("Explanations", facts_of(options, summary), sheet));
  table.commit();
  return summary;
}

}  // namespace apatite::study
