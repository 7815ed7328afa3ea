#include "base/csv.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace apatite {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The bytes at which a field that is not quoted ends or is refused.
constexpr std::array<bool, 256> kStops = [] {
  std::array<bool, 256> stops{};
  for (const char c : {',', '"', '\r', '\n', '\0'}) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}();

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

std::string_view CsvReader::quoted_field() {
  const std::int64_t opened = line_;
  const std::size_t begin = ++at_;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      if (text_.substr(at_, 2) != "\"\"") return text_.substr(begin, at_++ - begin);
      ++at_;
    } else if (c == '\0') {
      throw error(line_, "holds a NUL");
    } else if (c == '\n') {
      ++line_;
    }
  }
  throw error(opened, "a quoted field does not end", "close it with \"");
}

std::string_view CsvReader::field() {
  if (at_ < text_.size() && text_[at_] == '"') {
    const std::string_view raw = quoted_field();
    if (at_ < text_.size() && text_[at_] != ',' && line_end() == 0) {
      throw error(line_, "something follows a closing quote",
                  "quote a field as a whole and double the quotes inside it");
    }
    return raw;
  }
  const std::size_t begin = at_;
  while (at_ < text_.size() && !kStops[static_cast<unsigned char>(text_[at_])]) ++at_;
  if (at_ < text_.size() && text_[at_] != ',' && line_end() == 0) {
    switch (text_[at_]) {
      case '"':
        throw error(line_, "a quote inside a field that is not quoted",
                    "quote a field as a whole and double the quotes inside it");
      case '\r':
        throw error(line_, "a carriage return that ends no line", "end lines with LF or CRLF");
      default:
        throw error(line_, "holds a NUL");
    }
  }
  return text_.substr(begin, at_ - begin);
}

std::int64_t CsvReader::next_raw(std::vector<std::string_view>& fields) {
  fields.clear();
  if (at_ >= text_.size()) return 0;
  const std::int64_t line = line_;
  fields.push_back(field());
  while (at_ < text_.size() && text_[at_] == ',') {
    ++at_;
    fields.push_back(field());
  }
  terminated_ = at_ < text_.size();
  if (terminated_) {
    at_ += line_end();
    ++line_;
  }
  if (columns_ == 0) columns_ = fields.size();
  if (fields.size() != columns_) {
    throw error(line, "has " + to_text(static_cast<std::int64_t>(fields.size())) +
                          " fields, the first row has " +
                          to_text(static_cast<std::int64_t>(columns_)));
  }
  return line;
}

std::optional<CsvRow> CsvReader::next() {
  std::vector<std::string_view> raw;
  CsvRow row;
  row.line = next_raw(raw);
  if (row.line == 0) return std::nullopt;
  for (const std::string_view field : raw) row.fields.push_back(csv_unescape(field));
  row.end = at_;
  row.terminated = terminated_;
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

std::string csv_unescape(std::string_view raw) {
  std::string value;
  value.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    value += raw[i];
    if (raw[i] == '"') ++i;
  }
  return value;
}

std::string csv_escape(std::string_view value) {
  std::string raw;
  for (const char c : value) {
    if (c == '"') raw += '"';
    raw += c;
  }
  return raw;
}

std::string csv_line(std::span<const std::string> fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != fields.data()) line += ',';
    const bool plain =
        field.find_first_of(",\"\r\n") == std::string::npos && !field.starts_with(kByteOrderMark);
    line += plain ? field : '"' + csv_escape(field) + '"';
  }
  return line + '\n';
}

}  // namespace apatite
