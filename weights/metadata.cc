#include "weights/metadata.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/json_object.h"
#include "base/text.h"
#include "models/models.h"

namespace apatite::weights {
namespace {

constexpr std::string_view kPrefix = "apatite.";
constexpr std::string_view kFormat = "apatite.format";
constexpr std::string_view kModel = "apatite.model";
constexpr std::string_view kClasses = "apatite.classes";
constexpr std::string_view kRecipe = "apatite.recipe";
constexpr std::string_view kSourceName = "apatite.source.name";
constexpr std::string_view kSourceSha256 = "apatite.source.sha256";
constexpr std::string_view kSelfTest = "apatite.self_test";
constexpr std::array kKeys{kFormat,     kModel,        kClasses, kRecipe,
                           kSourceName, kSourceSha256, kSelfTest};
constexpr std::string_view kVersion = "1";
// A text longer than this is refused before it is parsed.
constexpr std::size_t kMostText = std::size_t{4} << 20U;
constexpr std::int64_t kMostPixels = 1024;  // along each axis of a self-test's image

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What is wrong with the class names; empty if nothing is.
std::string class_names_problem(const WeightsMetadata& metadata) {
  const std::vector<std::string>& names = metadata.class_names;
  const auto count = static_cast<std::int64_t>(names.size());
  const std::int64_t logits = metadata.model.classes;
  if (count != logits && !(logits == 1 && count == 2)) {
    return "there are " + to_text(count) + " class names for " + to_text(logits) + " logits";
  }
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty()) return "a class name is empty";
    if (escape_control(name) != name) {
      return "the class name " + quote(name) + " holds a control character";
    }
    if (!seen.insert(name).second) return "the class name " + quote(name) + " is there twice";
  }
  return {};
}

std::string self_test_problem(const WeightsMetadata& metadata) {
  if (!metadata.self_test) return {};
  const SelfTest& test = *metadata.self_test;
  const auto in_range = [](std::int64_t size) { return size >= 1 && size <= kMostPixels; };
  if (test.input.channels != metadata.model.input_channels || !in_range(test.input.height) ||
      !in_range(test.input.width)) {
    return "the self-test's input is " + engine::to_text(test.input) + " (" +
           to_text(metadata.model.input_channels) + " channels and 1 to " + to_text(kMostPixels) +
           " rows and columns are possible)";
  }
  if (test.seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return "the self-test's seed is not below 2^63";
  }
  if (test.contract < 1) return "the self-test's contract version is not positive";
  if (!is_sha256(test.logits_sha256)) return "the self-test's hash is no SHA-256";
  return {};
}

std::string problem(const WeightsMetadata& metadata) {
  if (std::string text = class_names_problem(metadata); !text.empty()) return text;
  if (!metadata.recipe.is_null() && !metadata.recipe.is_object()) {
    return "the recipe is not a JSON object";
  }
  if (metadata.source_name.empty() != metadata.source_sha256.empty()) {
    return "the source has a name or a SHA-256, but not both";
  }
  if (!metadata.source_sha256.empty() && !is_sha256(metadata.source_sha256)) {
    return "the source's hash is no SHA-256";
  }
  return self_test_problem(metadata);
}

Json to_json(const SelfTest& test) {
  return {{"contract", test.contract},
          {"input", {test.input.channels, test.input.height, test.input.width}},
          {"seed", test.seed},
          {"logits_sha256", test.logits_sha256}};
}

// The entries of a file, each asked for by its key.
class Entries {
 public:
  Entries(const StringMap& strings, std::string_view where) : strings_(strings), where_(where) {}

  // "FILE, KEY" for messages.
  [[nodiscard]] std::string place(std::string_view key) const {
    return std::string(where_) + ", " + std::string(key);
  }
  [[nodiscard]] bool has(std::string_view key) const { return strings_.contains(key); }
  [[nodiscard]] const std::string& text(std::string_view key) const;
  [[nodiscard]] std::string text_or_empty(std::string_view key) const {
    return has(key) ? text(key) : std::string();
  }
  [[nodiscard]] Json json(std::string_view key) const { return parse_json(text(key), place(key)); }

  void refuse_unknown() const;
  void check_version() const;

 private:
  const StringMap& strings_;
  std::string_view where_;
};

const std::string& Entries::text(std::string_view key) const {
  const auto found = strings_.find(key);
  if (found == strings_.end()) {
    throw Error(ErrorKind::kBadFile, where_,
                "is safetensors, but lacks the metadata \"" + std::string(key) + '"',
                "make a weights file with `apatite convert` or `apatite init`");
  }
  if (found->second.size() > kMostText) {
    throw Error(ErrorKind::kBadFile, place(key),
                "has " + with_thousands(static_cast<std::int64_t>(found->second.size())) +
                    " bytes, more than the " + with_thousands(std::int64_t{kMostText}) +
                    " allowed");
  }
  return found->second;
}

void Entries::check_version() const {
  if (const std::string& version = text(kFormat); version != kVersion) {
    throw Error(ErrorKind::kBadFile, where_,
                "is a weights file of format " + quote(version) + ", this apatite reads format " +
                    std::string(kVersion),
                "use the apatite that wrote it, or a later one");
  }
}

void Entries::refuse_unknown() const {
  for (const auto& [key, value] : strings_) {
    if (!key.starts_with(kPrefix)) continue;
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      throw Error(ErrorKind::kBadFile, where_,
                  "has the metadata " + quote(key) + ", which this apatite does not know",
                  "it was written by a later one: use that");
    }
  }
}

std::vector<std::string> class_names_from_json(const Json& json, const std::string& place) {
  const auto is_text = [](const Json& item) { return item.is_string(); };
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), is_text)) {
    throw Error(ErrorKind::kBadFile, place, "is not a JSON array of strings");
  }
  return json.get<std::vector<std::string>>();
}

SelfTest self_test_from_json(const Json& json, const std::string& place) {
  JsonObject fields(json, place);
  SelfTest test;
  test.contract = static_cast<int>(fields.integer("contract", {1, 1'000'000}));
  const std::vector<std::int64_t> input = fields.integers("input", {1, kMostPixels});
  test.seed = static_cast<std::uint64_t>(
      fields.integer("seed", {0, std::numeric_limits<std::int64_t>::max()}));
  test.logits_sha256 = fields.string("logits_sha256");
  fields.finish();
  if (input.size() != 3) {
    fields.refuse("\"input\" has " + std::to_string(input.size()) + " sizes",
                  "give channels, height and width");
  }
  test.input = {input[0], input[1], input[2]};
  return test;
}

}  // namespace

StringMap to_strings(const WeightsMetadata& metadata) {
  models::check_model_config(metadata.model);
  if (const std::string text = problem(metadata); !text.empty()) {
    throw Error(ErrorKind::kUsage, "weights metadata", text);
  }
  StringMap strings;
  const auto put = [&](std::string_view key, std::string text) {
    strings.emplace(key, std::move(text));
  };
  try {
    put(kFormat, std::string(kVersion));
    put(kModel, models::to_json(metadata.model).dump());
    put(kClasses, Json(metadata.class_names).dump());
    if (!metadata.recipe.is_null()) put(kRecipe, metadata.recipe.dump());
    if (!metadata.source_name.empty()) put(kSourceName, metadata.source_name);
    if (!metadata.source_sha256.empty()) put(kSourceSha256, metadata.source_sha256);
    if (metadata.self_test) put(kSelfTest, to_json(*metadata.self_test).dump());
  } catch (const Json::exception&) {
    throw Error(ErrorKind::kUsage, "weights metadata", "a text is not UTF-8");
  }
  return strings;
}

WeightsMetadata metadata_from_strings(const StringMap& strings, std::string_view where) {
  const Entries entries(strings, where);
  entries.check_version();
  entries.refuse_unknown();
  WeightsMetadata metadata;
  metadata.model = models::model_config_from_json(entries.json(kModel), entries.place(kModel));
  metadata.class_names = class_names_from_json(entries.json(kClasses), entries.place(kClasses));
  if (entries.has(kRecipe)) metadata.recipe = entries.json(kRecipe);
  metadata.source_name = entries.text_or_empty(kSourceName);
  metadata.source_sha256 = entries.text_or_empty(kSourceSha256);
  if (entries.has(kSelfTest)) {
    metadata.self_test = self_test_from_json(entries.json(kSelfTest), entries.place(kSelfTest));
  }
  if (const std::string text = problem(metadata); !text.empty()) {
    throw Error(ErrorKind::kBadFile, where, text);
  }
  return metadata;
}

std::vector<std::string> default_class_names(const models::ModelConfig& model) {
  if (model.classes == 1) return {"negative", "positive"};
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < model.classes; ++i) names.push_back(to_text(i));
  return names;
}

}  // namespace apatite::weights
