// The cases of a study with their labels and scores, read from CSV: ours (docs/formats.md) or
// anybody's with named columns.
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

// What the columns are called, and what the labels mean.
struct ScoreColumns {
  std::string positive;  // the label of a positive case
  std::vector<std::string>
      negatives;  // those of the others; none: the one other label that is there
  std::string label = "label";
  std::vector<std::string> scores;  // one model per column; none: "p:POSITIVE"
  // Columns that may be missing. Without a name: the usual name ("image", "patient", "split"), if
  // the file has it. An empty name: the column is not read. Lesions and weights are read only if
  // named.
  std::optional<std::string> image, patient, split;
  std::string lesion, weight;
};

struct ModelScores {
  std::string name;
  std::string column;
  std::vector<double> scores;  // finite; -0 is read as +0
};

// Columns, one element per case in the order of the file. Those that the file lacks are empty.
struct ScoreTable {
  std::vector<std::uint8_t> positive;  // 1 or 0
  std::vector<ModelScores> models;
  std::vector<std::int32_t> patient, lesion, split;  // numbers of names in the TextIds below
  std::vector<double> weight;                        // finite, at least 0, not all 0
  TextIds images, patients, lesions, splits;         // case i has image i
  std::string positive_name;
  std::vector<std::string> negative_names;
  std::string where;
  std::shared_ptr<const MappedFile> file;  // what the TextIds point into

  [[nodiscard]] std::size_t size() const noexcept { return positive.size(); }
};

// Reads a table in one pass. `text` must outlive the table. Throws Error (kBadFile) that names the
// line for: a label that is neither class, a score that is not a finite number, an image that is
// there twice, a case without a patient or lesion where others have one, a weight that is negative
// or not finite; and for a table without cases or without the columns.
ScoreTable parse_scores(std::string_view text, std::string_view where, const ScoreColumns& columns);

// The same for a file. What was parsed is given back to the system on the way: ten million cases
// need well below 1 GiB.
ScoreTable read_scores(const std::filesystem::path& path, const ScoreColumns& columns,
                       const Tell& tell = {});

// Adds the models of `other` to `table`, case by case of the same image; labels must agree.
// Patients, lesions, splits and weights stay those of `table`. Throws Error (kBadFile) with the
// first few images that only one of them has, or whose labels differ.
void join_scores(ScoreTable& table, const ScoreTable& other);

// The cases i with keep[i] != 0, as a table of its own (without image names).
ScoreTable select_cases(const ScoreTable& table, const std::vector<std::uint8_t>& keep);

}  // namespace apatite::eval
