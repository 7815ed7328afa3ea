// Reads a JSON object field by field, with checks of types, ranges and unknown fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace apatite {

// Read every known field, then call finish(). Errors have the given kind; they say where the object
// is, which field is wrong and what it may be. The Json value must outlive the reader.
class JsonObject {
 public:
  // Refuses a value that is not an object.
  JsonObject(const Json& value, std::string_view where, ErrorKind kind = ErrorKind::kBadFile);

  struct Range {
    std::int64_t least;
    std::int64_t most;
  };

  // A field that must be there.
  [[nodiscard]] std::int64_t integer(std::string_view key, Range range);
  [[nodiscard]] std::string string(std::string_view key);
  // A list of at least one integer.
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view key, Range range);
  // One of `choices`.
  [[nodiscard]] std::string choice(std::string_view key, const std::vector<std::string>& choices);
  // Any value.
  [[nodiscard]] const Json& value(std::string_view key);

  // True if the field is there: for those that may be left out.
  [[nodiscard]] bool has(std::string_view key);
  [[nodiscard]] std::int64_t integer_or(std::string_view key, std::int64_t fallback, Range range);
  [[nodiscard]] bool boolean_or(std::string_view key, bool fallback);
  // A finite number.
  [[nodiscard]] double number_or(std::string_view key, double fallback);
  [[nodiscard]] std::string choice_or(std::string_view key, std::string_view fallback,
                                      const std::vector<std::string>& choices);

  // Refuses a field that nobody asked for, with the nearest known names.
  void finish() const;

  // Throws an Error about a field that only the caller can check.
  [[noreturn]] void refuse(std::string_view what, std::string_view remedy) const;

 private:
  [[nodiscard]] std::int64_t check_integer(const Json& value, std::string_view key,
                                           Range range) const;

  const Json& value_;
  std::string where_;
  ErrorKind kind_;
  std::vector<std::string> known_;
};

}  // namespace apatite
