#include "base/csv.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace apatite {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string quoted(std::string_view field) {
  std::string text = "\"";
  for (const char c : field) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string_view where) : text_(text), where_(where) {
  if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

Error CsvReader::error(std::int64_t line, std::string_view what, std::string_view remedy) const {
  return {ErrorKind::kBadFile, where_, "line " + to_text(line) + ": " + std::string(what), remedy};
}

std::size_t CsvReader::line_end() const {
  if (text_[at_] == '\n') return 1;
  return text_.substr(at_, 2) == "\r\n" ? 2 : 0;
}

std::string CsvReader::quoted_field() {
  const std::int64_t opened = line_;
  std::string value;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      if (text_.substr(at_, 2) != "\"\"") {
        ++at_;
        return value;
      }
      ++at_;
    } else if (c == '\0') {
      throw error(line_, "holds a NUL");
    } else if (c == '\n') {
      ++line_;
    }
    value += c;
  }
  throw error(opened, "a quoted field does not end", "close it with \"");
}

std::string CsvReader::field() {
  if (at_ < text_.size() && text_[at_] == '"') {
    std::string value = quoted_field();
    if (at_ < text_.size() && text_[at_] != ',' && line_end() == 0) {
      throw error(line_, "something follows a closing quote",
                  "quote a field as a whole and double the quotes inside it");
    }
    return value;
  }
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ',' && line_end() == 0) {
    switch (text_[at_]) {
      case '"':
        throw error(line_, "a quote inside a field that is not quoted",
                    "quote a field as a whole and double the quotes inside it");
      case '\r':
        throw error(line_, "a carriage return that ends no line", "end lines with LF or CRLF");
      case '\0':
        throw error(line_, "holds a NUL");
      default:
        ++at_;
    }
  }
  return std::string(text_.substr(begin, at_ - begin));
}

std::optional<CsvRow> CsvReader::next() {
  if (at_ >= text_.size()) return std::nullopt;
  CsvRow row;
  row.line = line_;
  row.fields.push_back(field());
  while (at_ < text_.size() && text_[at_] == ',') {
    ++at_;
    row.fields.push_back(field());
  }
  row.terminated = at_ < text_.size();
  if (row.terminated) {
    at_ += line_end();
    ++line_;
  }
  row.end = at_;
  if (columns_ == 0) columns_ = row.fields.size();
  if (row.fields.size() != columns_) {
    throw error(row.line, "has " + to_text(static_cast<std::int64_t>(row.fields.size())) +
                              " fields, the first row has " +
                              to_text(static_cast<std::int64_t>(columns_)));
  }
  return row;
}

CsvHeader::CsvHeader(CsvReader& reader) {
  std::optional<CsvRow> row = reader.next();
  if (!row) throw reader.error(1, "the file is empty", "start it with the names of the columns");
  names_ = std::move(row->fields);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty()) {
      throw reader.error(row->line, "column " + to_text(static_cast<std::int64_t>(i + 1)) +
                                        " of the header has no name");
    }
    if (find(names_[i]) != i) {
      throw reader.error(row->line, "the column '" + names_[i] + "' is there twice",
                         "remove one of them");
    }
  }
}

std::optional<std::size_t> CsvHeader::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

std::size_t CsvHeader::require(const CsvReader& reader, std::string_view name) const {
  if (const auto column = find(name)) return *column;
  throw reader.error(1, "there is no column '" + std::string(name) + "'",
                     "the header has: " + join(names_));
}

std::string csv_line(std::span<const std::string> fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != fields.data()) line += ',';
    const bool plain =
        field.find_first_of(",\"\r\n") == std::string::npos && !field.starts_with(kByteOrderMark);
    line += plain ? field : quoted(field);
  }
  return line + '\n';
}

}  // namespace apatite
