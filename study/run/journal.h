// The journal of a long run: what is done already. It lies beside the output until the run is
// complete.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace apatite::study {

// Everything that decides the bytes of a run's output, by name, e.g. {"weights", <SHA-256>}. Two
// runs whose fingerprints are equal give equal bytes.
using Fingerprint = std::vector<std::pair<std::string, std::string>>;

struct JournalEntry {
  bool readable = true;
  std::string text;  // the row of the output; or, if it is not readable, the row of errors.csv

  bool operator==(const JournalEntry&) const = default;
};

// A CSV file with a header that names the run, and then one record per image, in the order of the
// run's images. Every record has a checksum over itself, its number and the header. So a kill at
// any moment, or even a damaged disk, costs only the records from the first damaged one on, which
// are computed again.
class Journal {
 public:
  // Opens `path`, or creates it, and reads what an earlier run of the same fingerprint left. Throws
  // Error: kUsage if the file belongs to another run (the message says which part differs) or is no
  // journal; kIo if another process is writing it or the file cannot be used.
  Journal(std::filesystem::path path, const Fingerprint& fingerprint);
  // Deletes the file if it has no records.
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The number of whole records.
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  // Calls `visit` with every record in order.
  void for_each(const std::function<void(const JournalEntry&)>& visit) const;
  // Removes the records from number `count` on.
  void truncate(std::size_t count);
  // Adds records. Once it has returned, a kill of this process cannot lose them.
  void append(const std::vector<JournalEntry>& entries);
  // Deletes the file, when the output holds its content.
  void remove();

 private:
  void open_and_lock();
  void read_records(std::string_view text);
  void cut(std::size_t bytes);
  void write(std::string_view text);

  std::filesystem::path path_;
  std::string header_;             // the first line, with its line end
  std::vector<std::size_t> ends_;  // the byte after each whole record
  int descriptor_ = -1;
};

}  // namespace apatite::study
