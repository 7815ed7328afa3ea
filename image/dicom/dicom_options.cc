#include "image/dicom/dicom_options.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/json_object.h"

namespace apatite::image {
namespace {

constexpr std::array<std::pair<std::string_view, VoiFunction>, 3> kFunctions{
    {{"LINEAR", VoiFunction::kLinear},
     {"LINEAR_EXACT", VoiFunction::kLinearExact},
     {"SIGMOID", VoiFunction::kSigmoid}}};
constexpr std::array<std::pair<std::string_view, DicomPolarity>, 3> kPolarities{
    {{"file", DicomPolarity::kFile},
     {"keep", DicomPolarity::kKeep},
     {"invert", DicomPolarity::kInvert}}};

template <class Table>
auto value_of(const Table& table, std::string_view name) {
  return std::find_if(table.begin(), table.end(),
                      [&](const auto& row) { return row.first == name; })
      ->second;
}

template <class Table, class Value>
std::string name_of(const Table& table, Value value) {
  return std::string(std::find_if(table.begin(), table.end(), [&](const auto& row) {
                       return row.second == value;
                     })->first);
}

std::optional<std::int64_t> frame_from_json(JsonObject& object) {
  if (!object.has("frame") || object.value("frame") == "only") return std::nullopt;
  return object.integer("frame", {1, 1'000'000});
}

std::optional<DicomIndex> index_from_json(const Json& json) {
  if (json.is_number_integer() && json >= 1 && json <= 1000) return json.get<std::int64_t>();
  if (json.is_string() && !json.get<std::string>().empty()) return json.get<std::string>();
  return std::nullopt;
}

std::optional<VoiChoice> voi_from_object(const Json& json) {
  if (json.size() == 1 && (json.contains("window") || json.contains("lut"))) {
    const auto index = index_from_json(*json.begin());
    if (!index) return std::nullopt;
    if (json.contains("window")) return VoiFileWindow{*index};
    return VoiFileLut{*index};
  }
  if (json.size() == 2 && json.contains("center") && json.contains("width") &&
      json["center"].is_number() && json["width"].is_number() && json["width"] > 0) {
    return VoiWindow{json["center"].get<double>(), json["width"].get<double>()};
  }
  return std::nullopt;
}

VoiChoice voi_from_json(JsonObject& object) {
  if (!object.has("voi")) return VoiFirst{};
  const Json& json = object.value("voi");
  if (json == "first") return VoiFirst{};
  if (json == "none") return VoiNone{};
  if (json.is_object()) {
    if (const auto choice = voi_from_object(json)) return *choice;
  }
  object.refuse("has an impossible \"voi\"",
                "\"first\", \"none\", {\"window\": 1}, {\"window\": \"EXPLANATION\"}, {\"lut\": 1} "
                "or {\"center\": 2048, \"width\": 4096}");
}

DicomRange range_from_json(JsonObject& object) {
  if (!object.has("range")) return RangeBits{};
  const Json& json = object.value("range");
  if (json == "bits") return RangeBits{};
  if (json == "data") return RangeData{};
  if (json == "values") return RangeValues{};
  if (json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number() &&
      json[0].get<double>() < json[1].get<double>()) {
    return RangeBounds{json[0].get<double>(), json[1].get<double>()};
  }
  object.refuse("has an impossible \"range\"",
                "\"bits\", \"data\", \"values\" or two numbers, the lower one first");
}

int output_from_json(JsonObject& object) {
  if (!object.has("output")) return DicomOptions().output_bits;
  const Json& json = object.value("output");
  if (json != 8 && json != 16 && json != 32) {
    object.refuse("has an unknown \"output\"", "8, 16 or 32 bits");
  }
  return json.get<int>();
}

struct VoiToJson {
  Json operator()(const VoiFirst&) const { return "first"; }
  Json operator()(const VoiNone&) const { return "none"; }
  Json operator()(const VoiFileWindow& choice) const { return {{"window", index(choice.which)}}; }
  Json operator()(const VoiFileLut& choice) const { return {{"lut", index(choice.which)}}; }
  Json operator()(const VoiWindow& window) const {
    return {{"center", window.center}, {"width", window.width}};
  }
  static Json index(const DicomIndex& which) {
    return std::visit([](const auto& value) { return Json(value); }, which);
  }
};

struct RangeToJson {
  Json operator()(const RangeBits&) const { return "bits"; }
  Json operator()(const RangeData&) const { return "data"; }
  Json operator()(const RangeValues&) const { return "values"; }
  Json operator()(const RangeBounds& bounds) const {
    return Json::array({bounds.low, bounds.high});
  }
};

}  // namespace

DicomOptions dicom_options_from_json(const Json& json, std::string_view where) {
  JsonObject object(json, where);
  DicomOptions options;
  options.frame = frame_from_json(object);
  options.apply_modality = object.choice_or("modality", "apply", {"apply", "ignore"}) == "apply";
  options.voi = voi_from_json(object);
  const std::string function =
      object.choice_or("function", "file", {"file", "LINEAR", "LINEAR_EXACT", "SIGMOID"});
  if (function != "file") options.function = value_of(kFunctions, function);
  options.polarity =
      value_of(kPolarities, object.choice_or("polarity", "file", {"file", "keep", "invert"}));
  options.padding_black = object.choice_or("padding", "black", {"black", "keep"}) == "black";
  options.range = range_from_json(object);
  options.output_bits = output_from_json(object);
  object.finish();
  return options;
}

Json to_json(const DicomOptions& options) {
  return {{"frame", options.frame ? Json(*options.frame) : Json("only")},
          {"modality", options.apply_modality ? "apply" : "ignore"},
          {"voi", std::visit(VoiToJson(), options.voi)},
          {"function", options.function ? name_of(kFunctions, *options.function) : "file"},
          {"polarity", name_of(kPolarities, options.polarity)},
          {"padding", options.padding_black ? "black" : "keep"},
          {"range", std::visit(RangeToJson(), options.range)},
          {"output", options.output_bits}};
}

}  // namespace apatite::image
