#include "base/json_object.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace apatite {
namespace {

// A value as a message shows it: one line, not long.
std::string shown(const Json& value) {
  constexpr std::size_t kMost = 60;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

std::string in_quotes(std::string_view key) { return '"' + std::string(key) + '"'; }

}  // namespace

JsonObject::JsonObject(const Json& value, std::string_view where, ErrorKind kind)
    : value_(value), where_(where), kind_(kind) {
  if (!value.is_object()) refuse("is " + shown(value), "it must be a JSON object");
}

bool JsonObject::has(std::string_view key) {
  known_.emplace_back(key);
  return value_.contains(key);
}

const Json& JsonObject::value(std::string_view key) {
  if (!has(key)) refuse("lacks the field " + in_quotes(key), "add it");
  return *value_.find(key);
}

std::int64_t JsonObject::check_integer(const Json& value, std::string_view key, Range range) const {
  // An unsigned value beyond int64 would turn negative: it is refused as out of range.
  const bool fits = value.is_number_integer() &&
                    !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
  const std::int64_t number = fits ? value.get<std::int64_t>() : 0;
  if (!fits || number < range.least || number > range.most) {
    refuse("the field " + in_quotes(key) + " has " + shown(value),
           "it takes integers from " + to_text(range.least) + " to " + to_text(range.most));
  }
  return number;
}

std::int64_t JsonObject::integer(std::string_view key, Range range) {
  return check_integer(value(key), key, range);
}

std::int64_t JsonObject::integer_or(std::string_view key, std::int64_t fallback, Range range) {
  return has(key) ? integer(key, range) : fallback;
}

std::vector<std::int64_t> JsonObject::integers(std::string_view key, Range range) {
  const Json& list = value(key);
  if (!list.is_array() || list.empty()) {
    refuse("the field " + in_quotes(key) + " is " + shown(list), "it must be a list of integers");
  }
  std::vector<std::int64_t> numbers;
  for (const Json& item : list) numbers.push_back(check_integer(item, key, range));
  return numbers;
}

std::string JsonObject::string(std::string_view key) {
  const Json& text = value(key);
  if (!text.is_string()) {
    refuse("the field " + in_quotes(key) + " is " + shown(text), "it must be a string");
  }
  return text.get<std::string>();
}

std::string JsonObject::choice(std::string_view key, const std::vector<std::string>& choices) {
  std::string text = string(key);
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    refuse("the field " + in_quotes(key) + " is " + in_quotes(text), "use one of " + join(choices));
  }
  return text;
}

std::string JsonObject::choice_or(std::string_view key, std::string_view fallback,
                                  const std::vector<std::string>& choices) {
  return has(key) ? choice(key, choices) : std::string(fallback);
}

bool JsonObject::boolean_or(std::string_view key, bool fallback) {
  if (!has(key)) return fallback;
  const Json& flag = value(key);
  if (!flag.is_boolean()) {
    refuse("the field " + in_quotes(key) + " is " + shown(flag), "it must be true or false");
  }
  return flag.get<bool>();
}

double JsonObject::number_or(std::string_view key, double fallback) {
  if (!has(key)) return fallback;
  const Json& number = value(key);
  if (!number.is_number() || !std::isfinite(number.get<double>())) {
    refuse("the field " + in_quotes(key) + " is " + shown(number), "it must be a finite number");
  }
  return number.get<double>();
}

void JsonObject::finish() const {
  for (const auto& [key, unused] : value_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    refuse("does not know the field " + in_quotes(key),
           known_.empty() ? "it takes none" : "nearest known: " + join(nearest(key, known_)));
  }
}

void JsonObject::refuse(std::string_view what, std::string_view remedy) const {
  throw Error(kind_, where_, what, remedy);
}

}  // namespace apatite
