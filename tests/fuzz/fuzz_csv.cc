// Any bytes as CSV: rows that survive a round trip, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.h"
#include "base/error.h"

namespace {

std::vector<std::vector<std::string>> read(std::string_view text) {
  apatite::CsvReader reader(text, "fuzz");
  std::vector<std::vector<std::string>> rows;
  while (auto row = reader.next()) rows.push_back(std::move(row->fields));
  return rows;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto rows = read({reinterpret_cast<const char*>(data), size});
    std::string text;
    for (const auto& row : rows) text += apatite::csv_line(row);
    if (read(text) != rows) std::abort();
  } catch (const apatite::Error& error) {
    if (error.kind() != apatite::ErrorKind::kBadFile) std::abort();
  }
  return 0;
}
