#include "models/model_config.h"

#include <cstdint>

#include "base/json_object.h"
#include "models/models.h"

namespace apatite::models {

Json to_json(const ModelConfig& config) {
  return {{"architecture", config.architecture},
          {"classes", config.classes},
          {"input_channels", config.input_channels},
          {"options", config.options}};
}

ModelConfig model_config_from_json(const Json& json, std::string_view where) {
  constexpr JsonObject::Range kAny{INT64_MIN, INT64_MAX};  // check_model_config knows better
  JsonObject fields(json, where);
  ModelConfig config;
  config.architecture = fields.string("architecture");
  config.classes = fields.integer_or("classes", config.classes, kAny);
  config.input_channels = fields.integer_or("input_channels", config.input_channels, kAny);
  if (fields.has("options")) config.options = fields.value("options");
  fields.finish();
  try {
    check_model_config(config);
  } catch (const Error& error) {
    throw Error(ErrorKind::kBadFile, where, error.what());
  }
  return config;
}

}  // namespace apatite::models
