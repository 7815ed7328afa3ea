#include "base/json.h"

#include <set>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace apatite {
namespace {

constexpr std::size_t kMaxDepth = 64;

// Walks the text without building it: finds duplicate keys and too deep nesting, which the DOM
// parser would accept silently or recurse into.
class StrictChecker final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictChecker(std::string_view where) : where_(where) {}

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override { return open(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second) {
      throw Error(ErrorKind::kBadFile, where_, "JSON has the key \"" + name + "\" twice",
                  "remove one of them");
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    throw Error(ErrorKind::kBadFile, where_,
                "is not valid JSON at byte " + to_text(static_cast<std::int64_t>(position)));
  }

 private:
  bool open() {
    if (keys_.size() >= kMaxDepth) {
      throw Error(ErrorKind::kBadFile, where_, "JSON is nested deeper than 64");
    }
    keys_.emplace_back();
    return true;
  }
  bool close() {
    keys_.pop_back();
    return true;
  }

  std::string_view where_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

void parse_json(std::string_view text, std::string_view where, nlohmann::json_sax<Json>& handler) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw Error(ErrorKind::kBadFile, where,
                "JSON has a NUL at byte " + to_text(static_cast<std::int64_t>(nul)));
  }
  Json::sax_parse(text, &handler);
}

Json parse_json(std::string_view text, std::string_view where) {
  StrictChecker checker(where);
  parse_json(text, where, checker);
  return Json::parse(text);
}

std::string to_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace apatite
