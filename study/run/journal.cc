#include "study/run/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"

namespace apatite::study {
namespace {

constexpr std::string_view kMagic = "apatite journal 1";
constexpr std::string_view kReadable = "row";
constexpr std::string_view kUnreadable = "unreadable";
constexpr std::string_view kRemedy = "remove it to start again, or choose another output";

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  const std::string reason = std::generic_category().message(errno);
  throw Error(ErrorKind::kIo, path.string(), "cannot " + std::string(action) + " (" + reason + ")");
}

std::string header_line(const Fingerprint& fingerprint) {
  std::vector<std::string> fields{std::string(kMagic)};
  for (const auto& [name, value] : fingerprint) {
    fields.push_back(name);
    fields.back().append("=").append(value);
  }
  return csv_line(fields);
}

// Which part of the run differs, for the message.
std::string difference(std::string_view line, const std::string& expected) {
  try {
    CsvReader theirs(line, "journal");
    CsvReader ours(expected, "journal");
    const auto found = theirs.next();
    const auto wanted = ours.next();
    if (found && wanted && found->fields[0] == kMagic &&
        found->fields.size() == wanted->fields.size()) {
      for (std::size_t i = 1; i < found->fields.size(); ++i) {
        if (found->fields[i] == wanted->fields[i]) continue;
        std::string message = "belongs to a run with other ";
        return message.append(wanted->fields[i], 0, wanted->fields[i].find('='));
      }
    }
  } catch (const Error&) {  // not even CSV
  }
  return "is not the journal of this run";
}

// 64 bits of SHA-256 over everything that the record must agree with.
std::string checksum(const std::string& header, std::size_t number, std::string_view kind,
                     std::string_view text) {
  const std::string all = header + to_text(static_cast<std::int64_t>(number)) + "," +
                          std::string(kind) + "," + std::string(text);
  return sha256_hex(std::as_bytes(std::span(all))).substr(0, 16);
}

std::string record_line(const std::string& header, std::size_t number, const JournalEntry& entry) {
  const std::string kind(entry.readable ? kReadable : kUnreadable);
  return csv_line(
      std::vector<std::string>{checksum(header, number, kind, entry.text), kind, entry.text});
}

// The record in `row` if it is whole and the one that belongs at `number`.
std::optional<JournalEntry> parse_record(const std::string& header, std::size_t number,
                                         const CsvRow& row) {
  if (!row.terminated || row.fields.size() != 3) return std::nullopt;
  const std::string& kind = row.fields[1];
  const std::string& text = row.fields[2];
  if (row.fields[0] != checksum(header, number, kind, text)) return std::nullopt;
  return JournalEntry{kind == kReadable, text};
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Journal::Journal(std::filesystem::path path, const Fingerprint& fingerprint)
    : path_(std::move(path)), header_(header_line(fingerprint)) {
  open_and_lock();
  try {
    const MappedFile file(path_);
    const std::string_view text = as_text(file.bytes());
    if (text.starts_with(header_)) {
      read_records(text.substr(header_.size()));
      cut(size() == 0 ? header_.size() : ends_.back());
    } else if (header_.starts_with(text)) {  // new, or cut short before its first record
      cut(0);
      write(header_);
    } else {
      throw Error(ErrorKind::kUsage, path_.string(), difference(text, header_), kRemedy);
    }
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

Journal::~Journal() {
  if (descriptor_ < 0) return;
  if (size() == 0) ::unlink(path_.c_str());
  ::close(descriptor_);
}

void Journal::open_and_lock() {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path_, "open");
  struct stat status {};
  const bool locked = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  const bool alive = ::fstat(descriptor_, &status) == 0 && status.st_nlink > 0;
  if (locked && alive) return;
  ::close(descriptor_);
  throw Error(ErrorKind::kIo, path_.string(), "another process is writing it",
              "wait until it has finished");
}

void Journal::read_records(std::string_view text) {
  CsvReader reader(text, path_.string());
  try {
    while (const auto row = reader.next()) {
      if (!parse_record(header_, size(), *row)) break;
      ends_.push_back(header_.size() + row->end);
    }
  } catch (const Error&) {  // a torn record that is no CSV either
  }
}

void Journal::for_each(const std::function<void(const JournalEntry&)>& visit) const {
  if (size() == 0) return;
  const MappedFile file(path_);
  const std::string_view text = as_text(file.bytes()).substr(0, ends_.back());
  CsvReader reader(text.substr(header_.size()), path_.string());
  for (std::size_t number = 0; number < size(); ++number) {
    const auto row = reader.next();
    const auto entry = row ? parse_record(header_, number, *row) : std::nullopt;
    if (!entry) throw Error(ErrorKind::kIo, path_.string(), "changed while it was in use");
    visit(*entry);
  }
}

void Journal::cut(std::size_t bytes) {
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) fail(path_, "shorten");
}

void Journal::truncate(std::size_t count) {
  if (count >= size()) return;
  ends_.resize(count);
  cut(count == 0 ? header_.size() : ends_.back());
}

void Journal::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor_, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, "write");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Journal::append(const std::vector<JournalEntry>& entries) {
  std::string text;
  std::vector<std::size_t> ends;
  const std::size_t begin = ends_.empty() ? header_.size() : ends_.back();
  for (const JournalEntry& entry : entries) {
    text += record_line(header_, size() + ends.size(), entry);
    ends.push_back(begin + text.size());
  }
  write(text);
  ends_.insert(ends_.end(), ends.begin(), ends.end());
}

void Journal::remove() {
  if (::unlink(path_.c_str()) != 0) fail(path_, "remove");
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace apatite::study
