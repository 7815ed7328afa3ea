// The one exception type of the library, and the kinds that decide the exit code of the program.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace apatite {

// Why an operation was refused. The value is the exit code of `apatite` (docs/exit-codes.md).
enum class ErrorKind : int {
  kInternal = 1,     // a broken invariant: a defect of apatite
  kUsage = 2,        // a wrong argument or a wrong combination of arguments
  kImage = 3,        // images that could not be read; all others were done
  kBadFile = 4,      // a file whose content is refused: truncated, inconsistent, unsupported
  kIo = 5,           // a file that cannot be opened, read, created or written
  kUnavailable = 6,  // a backend or instruction set that is not built in or not present
  kNumeric = 7,      // a non-finite number arose in a computation
};

// What went wrong, where, and what to do about it, in one line:
//   "<where>: <what>; <remedy>"
// `where` is a file, a layer or an argument; control characters in it are escaped.
//
//   try {
//     apatite::Model model("model.safetensors");
//   } catch (const apatite::Error& error) {
//     std::fprintf(stderr, "%s\n", error.what());
//     return static_cast<int>(error.kind());
//   }
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, std::string_view where, std::string_view what,
        std::string_view remedy = {});

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace apatite
