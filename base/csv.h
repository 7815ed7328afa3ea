// Strict CSV (RFC 4180): text that two readers could understand differently is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace apatite {

struct CsvRow {
  std::vector<std::string> fields;
  std::int64_t line = 0;   // where it starts, counted from 1
  std::size_t end = 0;     // the byte after its line end
  bool terminated = true;  // false for a last row without a line end
};

// Reads rows one after the other from text in memory, holding one row at a time.
//
// A byte order mark at the start is skipped. Rows end in LF or CRLF; fields are separated by commas
// and quoted as a whole with "", which may then hold commas, line ends and doubled quotes. Bytes
// other than these are taken as they are. Throws Error (kBadFile) with `where` and the line for a
// quote inside an unquoted field, anything but a comma or a line end after a closing quote, a
// missing closing quote, a CR without LF, a NUL, and a row with more or fewer fields than the
// first.
class CsvReader {
 public:
  // `text` must outlive the reader.
  CsvReader(std::string_view text, std::string_view where);

  // The next row; empty at the end of the text. An empty line is a row of one empty field.
  std::optional<CsvRow> next();

  // The same without a copy, for files of millions of rows: the fields as they stand in the text,
  // less the quotes around them. A quote inside a field is still doubled, so two fields are equal
  // exactly if their raw texts are; csv_unescape() gives the value. Returns the line where the row
  // starts, 0 at the end of the text.
  std::int64_t next_raw(std::vector<std::string_view>& fields);

  // The byte after the last row's line end.
  [[nodiscard]] std::size_t position() const noexcept { return at_; }

  // An Error (kBadFile) about the row that starts at `line`: "<where>: line <line>: <what>".
  [[nodiscard]] Error error(std::int64_t line, std::string_view what,
                            std::string_view remedy = {}) const;

 private:
  // One field from at_ on, up to the comma or line end that follows, raw.
  std::string_view field();
  std::string_view quoted_field();
  // The width of the line end at at_: 1 for LF, 2 for CRLF, 0 if there is none.
  [[nodiscard]] std::size_t line_end() const;

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;    // of at_
  std::size_t columns_ = 0;  // of the first row
  bool terminated_ = true;   // of the last row
};

// The names of the columns, from a file's first row.
class CsvHeader {
 public:
  // Reads the first row of `reader`. Throws Error (kBadFile) if there is none, a name is empty or
  // there twice.
  explicit CsvHeader(CsvReader& reader);

  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  // Throws Error (kBadFile) if the column is missing, naming those that are there.
  [[nodiscard]] std::size_t require(const CsvReader& reader, std::string_view name) const;

 private:
  std::vector<std::string> names_;
};

// The value of a raw field: "" -> ", and the reverse.
std::string csv_unescape(std::string_view raw);
std::string csv_escape(std::string_view value);

// The fields joined by commas, quoted where the reader needs it, and '\n'.
std::string csv_line(std::span<const std::string> fields);

}  // namespace apatite
