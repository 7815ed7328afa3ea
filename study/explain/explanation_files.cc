#include "study/explain/explanation_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "base/text.h"

namespace apatite::study {
namespace {

constexpr std::size_t kMostPart = 80;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '+';
}

// Four digits: for pictures.
std::string short_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::general, 4);
  return {buffer.data(), end.ptr};
}

// A file name may hold bytes that are no UTF-8, which JSON does not: they become U+FFFD.
Json printable(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::string file_part(const std::string& name) {
  std::string part = name.substr(0, kMostPart);
  for (char& c : part) {
    if (!is_plain(c)) c = '_';
  }
  return part;
}

std::string file_stem(const std::string& image, std::size_t number, std::size_t total) {
  const std::string most = to_text(static_cast<std::int64_t>(total));
  std::string digits = to_text(static_cast<std::int64_t>(number));
  digits.insert(0, most.size() - digits.size(), '0');
  return digits + "-" + file_part(std::filesystem::path(image).stem().string());
}

Json to_json(const ExplainedMap& explained, const gradcam::SaliencyMap& written,
             const Json& provenance) {
  const gradcam::MapSummary summary = gradcam::summarize(explained.map);
  Json geometry = explained.projection->to_json();
  geometry["map_to_source"] =
      explained.projection->map_to_source_json(written.height, written.width);
  Json json = provenance;
  json["image"] = printable(explained.image);
  json["method"] = explained.method;
  json["layer"] = {{"name", explained.layer},
                   {"channels", explained.layer_shape.channels},
                   {"height", explained.layer_shape.height},
                   {"width", explained.layer_shape.width}};
  json["target"] = {{"index", explained.target},
                    {"class", explained.target_name},
                    {"predicted", explained.target_predicted}};
  json["score"] = explained.score;
  json["probability"] = explained.probability;
  json["logits"] = explained.logits;
  json["map"] = {{"height", written.height},
                 {"width", written.width},
                 {"state", gradcam::name_of(summary.state)},
                 {"least", summary.least},
                 {"most", summary.most},
                 {"positive_share", summary.positive_share}};
  if (summary.state != gradcam::MapState::kPositive)
    json["map"]["note"] = gradcam::explanation_of(summary.state);
  json["geometry"] = std::move(geometry);
  return json;
}

std::vector<std::string> caption(const ExplainedMap& explained) {
  return {explained.method + " at " + explained.layer,
          explained.target_name + (explained.target_predicted ? " (predicted)" : "") +
              ", p = " + short_text(explained.probability),
          "score " + short_text(explained.score)};
}

const std::vector<std::string>& explanation_columns() {
  static const std::vector<std::string> columns{
      "image", "label",       "patient", "model", "method", "layer",          "class",
      "score", "probability", "state",   "least", "most",   "positive_share", "map"};
  return columns;
}

std::vector<std::string> explanation_row(const ExplainedMap& explained, const std::string& model,
                                         const std::string& label, const std::string& patient,
                                         const std::string& file) {
  const gradcam::MapSummary summary = gradcam::summarize(explained.map);
  return {explained.image,
          label,
          patient,
          model,
          explained.method,
          explained.layer,
          explained.target_name,
          to_text(explained.score),
          to_text(explained.probability),
          std::string(gradcam::name_of(summary.state)),
          to_text(summary.least),
          to_text(summary.most),
          to_text(summary.positive_share),
          file};
}

}  // namespace apatite::study
