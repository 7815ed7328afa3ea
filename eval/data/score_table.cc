#include "eval/data/score_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/text.h"

namespace apatite::eval {
namespace {

constexpr std::size_t kReleaseEvery = std::size_t{1} << 24;
std::int64_t megabytes(std::size_t bytes) { return static_cast<std::int64_t>(bytes / 1'000'000); }

constexpr std::size_t kListed = 5;  // elements of a list in a message

// A column of names, which are stored as numbers.
struct NameColumn {
  std::optional<std::size_t> at;
  std::vector<std::int32_t>* values = nullptr;
  StringInterner* names = nullptr;
  std::string_view what;        // in messages
  std::int64_t empty_line = 0;  // the first case without a name
  bool any_name = false;
};

class TableReader {
 public:
  TableReader(std::string_view text, std::string_view where, const ScoreColumns& columns,
              const MappedFile* file, const ProgressCallback& progress)
      : text_(text),
        reader_(text, where),
        header_(reader_),
        columns_(columns),
        file_(file),
        progress_(progress) {
    table_.where = std::string(where);
    find_columns();
  }

  ScoreTable read() {
    std::vector<std::string_view> fields;
    std::size_t released = 0;
    while ((line_ = reader_.next_raw(fields)) != 0) {
      if (table_.positive.empty()) reserve();
      add_row(fields);
      if (file_ != nullptr && reader_.position() - released >= kReleaseEvery) {
        file_->release(file_->bytes().first(reader_.position()));
        released = reader_.position();
        if (progress_) progress_("MB read", megabytes(released), megabytes(text_.size()));
      }
    }
    if (progress_ && released > 0)
      progress_("MB read", megabytes(text_.size()), megabytes(text_.size()));
    finish();
    return std::move(table_);
  }

 private:
  [[nodiscard]] std::optional<std::size_t> find(const std::optional<std::string>& name,
                                                std::string_view usual) const {
    if (!name) return header_.find(usual);
    if (name->empty()) return std::nullopt;
    return header_.require(reader_, *name);
  }

  void find_columns() {
    label_ = header_.require(reader_, columns_.label);
    image_ = find(columns_.image, "image");
    if (!columns_.weight.empty()) weight_ = header_.require(reader_, columns_.weight);
    table_.images = table_.patients = table_.lesions = table_.splits = StringInterner(text_);
    names_ = {{.at = find(columns_.patient, "patient"),
               .values = &table_.patient,
               .names = &table_.patients,
               .what = "patient"},
              {.at = find(columns_.lesion, ""),
               .values = &table_.lesion,
               .names = &table_.lesions,
               .what = "lesion"},
              {.at = find(columns_.split, "split"),
               .values = &table_.split,
               .names = &table_.splits,
               .what = "split"}};
    std::vector<std::string> scores = columns_.scores;
    if (scores.empty()) scores.push_back("p:" + columns_.positive);
    for (const std::string& name : scores) {
      scores_.push_back(header_.require(reader_, name));
      table_.models.push_back({.name = name, .column = name, .scores = {}});
    }
    find_labels();
  }

  // Finds the labels of both classes. The negative label is given, or follows from two columns p:A
  // and p:B, or is the first other label in the file.
  void find_labels() {
    table_.positive_name = columns_.positive;
    table_.negative_names = columns_.negatives;
    if (table_.negative_names.empty()) {
      std::vector<std::string> classes;
      for (const std::string& name : header_.names()) {
        if (name.starts_with("p:")) classes.push_back(name.substr(2));
      }
      const auto positive = std::find(classes.begin(), classes.end(), columns_.positive);
      if (classes.size() == 2 && positive != classes.end()) {
        table_.negative_names.push_back(classes[positive == classes.begin() ? 1 : 0]);
      }
    }
    positive_ = csv_escape(table_.positive_name);
    for (const std::string& name : table_.negative_names) negatives_.push_back(csv_escape(name));
  }

  // Makes room for as many rows as the rest of the text has if all are as long as the first row.
  // The system provides memory only when it is written to.
  void reserve() {
    const std::size_t begin = text_.rfind('\n', reader_.position() - 2);
    const std::size_t length =
        std::max<std::size_t>(reader_.position() - (begin == text_.npos ? 0 : begin), 4);
    const std::size_t rows = text_.size() / (length - length / 8) + 16;
    table_.positive.reserve(rows);
    for (ModelScores& model : table_.models) model.scores.reserve(rows);
    for (NameColumn& column : names_) {
      if (column.at) column.values->reserve(rows);
    }
    if (weight_) table_.weight.reserve(rows);
    if (image_) table_.images.reserve(rows);
  }

  void add_row(const std::vector<std::string_view>& fields) {
    table_.positive.push_back(label(fields[label_]) ? 1 : 0);
    for (std::size_t i = 0; i < scores_.size(); ++i) {
      table_.models[i].scores.push_back(
          number(fields[scores_[i]], "score", table_.models[i].column));
    }
    if (image_) add_image(fields[*image_]);
    for (NameColumn& column : names_) {
      if (!column.at) continue;
      const std::string_view raw = fields[*column.at];
      column.values->push_back(column.names->add(raw).id);
      if (!raw.empty()) column.any_name = true;
      if (raw.empty() && column.empty_line == 0) column.empty_line = line_;
    }
    if (weight_) {
      const double weight = number(fields[*weight_], "weight", columns_.weight);
      if (weight < 0) {
        throw reader_.error(line_, "the weight " + to_text(weight) + " is negative",
                            "weights are 0 or more");
      }
      table_.weight.push_back(weight);
    }
  }

  bool label(std::string_view raw) {
    if (raw == positive_) return true;
    if (std::find(negatives_.begin(), negatives_.end(), raw) != negatives_.end()) return false;
    if (raw.empty()) {
      throw reader_.error(line_, "the case has no label", "remove it, or give it one");
    }
    if (negatives_.empty()) {
      negatives_.emplace_back(raw);
      table_.negative_names.push_back(csv_unescape(raw));
      return false;
    }
    throw reader_.error(line_,
                        "the label " + quote(csv_unescape(raw)) + " is neither " +
                            quote(table_.positive_name) + " (positive) nor " + negative_list(),
                        "name every label that counts as negative, or leave such cases out");
  }

  [[nodiscard]] std::string negative_list() const {
    std::vector<std::string> quoted;
    for (const std::string& name : table_.negative_names) quoted.push_back(quote(name));
    return join(quoted, " or ") + " (negative)";
  }

  [[nodiscard]] double number(std::string_view raw, std::string_view what,
                              const std::string& column) const {
    double value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    const bool whole = error != std::errc::invalid_argument && end == raw.data() + raw.size();
    if (!whole || error == std::errc::result_out_of_range || !std::isfinite(value)) {
      const std::string_view why = !whole                 ? " is not a number"
                                   : error == std::errc() ? " is not finite"
                                                          : " is outside the range of binary64";
      throw reader_.error(line_, "the " + std::string(what) + " " + quote(csv_unescape(raw), 40) +
                                     " in the column '" + column + "'" + std::string(why));
    }
    return value + 0.0;  // -0 + 0 is +0, so that there is one zero
  }

  void add_image(std::string_view raw) {
    if (raw.empty()) throw reader_.error(line_, "the case names no image");
    if (!table_.images.add(raw).is_new) {
      throw reader_.error(line_, "the image " + quote(csv_unescape(raw)) + " is there already",
                          "list each image once");
    }
  }

  void finish() {
    if (table_.positive.empty()) {
      throw Error(ErrorKind::kBadFile, table_.where, "lists no case");
    }
    for (const NameColumn& column : names_) {
      if (!column.at) continue;
      if (!column.any_name) {
        column.values->clear();
        *column.names = StringInterner(text_);
      } else if (column.empty_line != 0) {
        throw reader_.error(column.empty_line,
                            "the case has no " + std::string(column.what) + ", others have one",
                            "fill the column '" + header_.names()[*column.at] + "'");
      }
      column.names->forget_lookup();
    }
    const auto is_zero = [](double weight) { return weight == 0; };
    if (weight_ && std::all_of(table_.weight.begin(), table_.weight.end(), is_zero)) {
      throw Error(ErrorKind::kBadFile, table_.where, "all weights are 0");
    }
  }

  std::string_view text_;
  CsvReader reader_;
  CsvHeader header_;
  const ScoreColumns& columns_;
  const MappedFile* file_;
  const ProgressCallback& progress_;
  ScoreTable table_;
  std::int64_t line_ = 0;
  std::size_t label_ = 0;
  std::optional<std::size_t> image_, weight_;
  std::vector<std::size_t> scores_;
  std::vector<NameColumn> names_;
  std::string positive_;                // raw
  std::vector<std::string> negatives_;  // raw
};

template <class T>
std::vector<T> kept(const std::vector<T>& values, const std::vector<std::uint8_t>& keep) {
  std::vector<T> chosen;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (keep[i] != 0) chosen.push_back(values[i]);
  }
  return chosen;
}

std::string listed(const std::vector<std::string>& some, std::size_t all) {
  return join(some) + (all > some.size() ? ", ..." : "");
}

}  // namespace

ScoreTable parse_scores(std::string_view text, std::string_view where,
                        const ScoreColumns& columns) {
  return TableReader(text, where, columns, nullptr, {}).read();
}

ScoreTable read_scores(const std::filesystem::path& path, const ScoreColumns& columns,
                       const ProgressCallback& progress) {
  const auto file = std::make_shared<const MappedFile>(path);
  ScoreTable table =
      TableReader(as_text(file->bytes()), path.string(), columns, file.get(), progress).read();
  table.file = file;
  return table;
}

void join_scores(ScoreTable& table, const ScoreTable& other) {
  for (const ScoreTable* side : {&std::as_const(table), &other}) {
    if (side->images.size() == side->size()) continue;
    throw Error(ErrorKind::kBadFile, side->where, "names no images, so that it cannot be joined",
                "give it a column with the image of each case");
  }
  constexpr std::int32_t kNone = -1;
  std::vector<std::int32_t> row_of(table.size(), kNone);  // in `other`
  std::vector<std::string> foreign, relabelled, missing;
  std::size_t foreign_count = 0, relabelled_count = 0, missing_count = 0;
  const auto note = [](std::vector<std::string>& list, std::size_t& count,
                       const std::string& name) {
    if (++count <= kListed) list.push_back(quote(name));
  };
  for (std::size_t i = 0; i < other.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    const std::int32_t row = table.images.find(other.images.raw(id));
    if (row == kNone) {
      note(foreign, foreign_count, other.images.name(id));
      continue;
    }
    row_of[static_cast<std::size_t>(row)] = id;
    if (table.positive[static_cast<std::size_t>(row)] != other.positive[i]) {
      note(relabelled, relabelled_count, other.images.name(id));
    }
  }
  for (std::size_t i = 0; i < row_of.size(); ++i) {
    if (row_of[i] == kNone) {
      note(missing, missing_count, table.images.name(static_cast<std::int32_t>(i)));
    }
  }
  const auto count_text = [](std::size_t count) {
    return with_thousands(static_cast<std::int64_t>(count));
  };
  if (foreign_count + missing_count > 0) {
    std::string what = "holds other images than " + table.where;
    if (missing_count > 0) {
      what += "; " + count_text(missing_count) + " missing: " + listed(missing, missing_count);
    }
    if (foreign_count > 0) {
      what += "; " + count_text(foreign_count) + " surplus: " + listed(foreign, foreign_count);
    }
    throw Error(ErrorKind::kBadFile, other.where, what, "give each model the same images");
  }
  if (relabelled_count > 0) {
    throw Error(ErrorKind::kBadFile, other.where,
                count_text(relabelled_count) + " images have another label than in " + table.where +
                    ": " + listed(relabelled, relabelled_count));
  }
  for (const ModelScores& model : other.models) {
    ModelScores joined{.name = model.name, .column = model.column, .scores = {}};
    joined.scores.reserve(row_of.size());
    for (const std::int32_t row : row_of) {
      joined.scores.push_back(model.scores[static_cast<std::size_t>(row)]);
    }
    table.models.push_back(std::move(joined));
  }
}

ScoreTable select_cases(const ScoreTable& table, const std::vector<std::uint8_t>& keep) {
  ScoreTable chosen;
  chosen.positive = kept(table.positive, keep);
  for (const ModelScores& model : table.models) {
    chosen.models.push_back({model.name, model.column, kept(model.scores, keep)});
  }
  chosen.patient = kept(table.patient, keep);
  chosen.lesion = kept(table.lesion, keep);
  chosen.split = kept(table.split, keep);
  chosen.weight = kept(table.weight, keep);
  chosen.patients = table.patients;
  chosen.lesions = table.lesions;
  chosen.splits = table.splits;
  chosen.positive_name = table.positive_name;
  chosen.negative_names = table.negative_names;
  chosen.where = table.where;
  chosen.file = table.file;
  return chosen;
}

}  // namespace apatite::eval
