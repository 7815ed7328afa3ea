// The cases of a study with their labels and scores, read from a CSV file. The names of its columns
// can be chosen; docs/formats.md describes the usual ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "eval/data/string_interner.h"
#include "eval/statistics/progress_callback.h"

namespace apatite::eval {

// The names of the columns and the meaning of the labels.
struct ScoreColumns {
  std::string positive;  // label of a positive case
  std::vector<std::string>
      negatives;  // labels of negative cases; empty: the one other label in the file
  std::string label = "label";
  std::vector<std::string> scores;  // one model per column; empty: "p:POSITIVE"
  // Columns that the file may lack. Without a value the usual name ("image", "patient", "split") is
  // read if the file has it. With an empty name the column is not read. Lesions and weights are
  // read only if they are named.
  std::optional<std::string> image, patient, split;
  std::string lesion, weight;
};

struct ModelScores {
  std::string name;
  std::string column;
  std::vector<double> scores;  // finite; -0 is read as +0
};

// The columns, with one element per case in the order of the file. Columns that the file lacks are
// empty.
struct ScoreTable {
  std::vector<std::uint8_t> positive;  // 1 or 0
  std::vector<ModelScores> models;
  std::vector<std::int32_t> patient, lesion, split;  // numbers of the names below
  std::vector<double> weight;                        // finite, at least 0, not all 0
  StringInterner images, patients, lesions, splits;  // case i has image i
  std::string positive_name;
  std::vector<std::string> negative_names;
  std::string where;
  std::shared_ptr<const MappedFile> file;  // the memory that the names refer to

  [[nodiscard]] std::size_t size() const noexcept { return positive.size(); }
};

// Reads a table in one pass. `text` must outlive the table. Throws Error (kBadFile) that names the
// line for a label of neither class, a score that is not a finite number, an image that occurs
// twice, a case without a patient or lesion where other cases have one, and a weight that is
// negative or not finite. Throws Error (kBadFile), too, for a table without cases or without the
// columns.
ScoreTable parse_scores(std::string_view text, std::string_view where, const ScoreColumns& columns);

// The same for a file. Parsed pages of the file are released during reading, so that ten million
// cases need well below 1 GiB.
ScoreTable read_scores(const std::filesystem::path& path, const ScoreColumns& columns,
                       const ProgressCallback& progress = {});

// Adds the models of `other` to `table`, matching cases by image; their labels must agree.
// Patients, lesions, splits and weights stay those of `table`. Throws Error (kBadFile) with the
// first few images that only one table has, or whose labels differ.
void join_scores(ScoreTable& table, const ScoreTable& other);

// A table of the cases i with keep[i] != 0, without the names of images.
ScoreTable select_cases(const ScoreTable& table, const std::vector<std::uint8_t>& keep);

}  // namespace apatite::eval
