// Text that is the same on every machine: numbers, lists, escapes, nearest names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite {

// Shortest decimal text that reads back to the same value (std::to_chars), e.g. 0.1, 1e-05, nan.
std::string to_text(float value);
std::string to_text(double value);
std::string to_text(std::int64_t value);

// With `decimals` digits after the point, the exact value rounded to nearest (ties to even):
// fixed(0.125, 2) is 0.12. Never "-0.00".
std::string fixed(double value, int decimals);

// 1234567 -> "1,234,567".
std::string with_thousands(std::int64_t value);

// {"a", "b"} -> "a, b".
std::string join(std::span<const std::string> items, std::string_view separator = ", ");

// A name from a file for a message: in double quotes, cut (between UTF-8 characters) where it is
// longer than `limit` bytes: "layer1.0.conv1", "aaaa...".
std::string quote(std::string_view name, std::size_t limit = 120);

// Bytes below 0x20 and 0x7f as \xNN, so that a message stays one line whatever a file name holds.
std::string escape_control(std::string_view text);

// Up to `limit` of `candidates` that are most like `word` (Levenshtein distance, then
// alphabetical), for messages of the form "unknown X; nearest: ...".
std::vector<std::string> nearest(std::string_view word, std::span<const std::string> candidates,
                                 std::size_t limit = 3);

}  // namespace apatite
