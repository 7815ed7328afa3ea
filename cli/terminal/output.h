// What the program says on standard output.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace apatite::cli {

// Writes to standard output. A reader that closed the pipe has seen enough: the rest is dropped
// without an error. Throws Error (kIo) if it cannot be written for another reason, e.g. a full
// disk.
void print(std::string_view text);

// Flushes what print() wrote; the same errors.
void flush_output();

// Rows of cells as lines, columns padded to their widest cell and two spaces apart. Columns whose
// number is in `right` are flush right.
std::string table(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& right = {});

}  // namespace apatite::cli
