// Strict JSON: nlohmann-json's, but text that two readers could understand differently is refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace apatite {

using Json = nlohmann::json;

// Parses one RFC 8259 value that fills `text` (white space around it is allowed). Refuses duplicate
// keys, any byte after the value (NUL too), nesting deeper than 64 and numbers that overflow
// binary64. Throws Error (kBadFile) with `where` and the byte offset.
Json parse_json(std::string_view text, std::string_view where);

// The same text rules without building a value, for input whose values would take much more memory
// than its text: `handler` sees the events of nlohmann's SAX interface and refuses by throwing; its
// parse_error() must throw. Looking for duplicate keys and for depth is the handler's task.
void parse_json(std::string_view text, std::string_view where, nlohmann::json_sax<Json>& handler);

// Sorted keys, two-space indent, shortest round-trip numbers, '\n' at the end.
std::string to_text(const Json& value);

}  // namespace apatite
