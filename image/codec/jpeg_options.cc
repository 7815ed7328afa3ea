#include "image/codec/jpeg_options.h"

#include "base/json_object.h"

namespace apatite::image {

std::string_view name_of(JpegDct dct) { return dct == JpegDct::kIslow ? "islow" : "ifast"; }

std::string_view name_of(JpegUpsampling upsampling) {
  return upsampling == JpegUpsampling::kFancy ? "fancy" : "nearest";
}

JpegOptions jpeg_options_from_json(const Json& json, std::string_view where) {
  JsonObject object(json, where);
  JpegOptions options;
  if (object.choice_or("dct", "islow", {"islow", "ifast"}) == "ifast") {
    options.dct = JpegDct::kIfast;
  }
  if (object.choice_or("upsampling", "fancy", {"fancy", "nearest"}) == "nearest") {
    options.upsampling = JpegUpsampling::kNearest;
  }
  object.finish();
  return options;
}

Json to_json(const JpegOptions& options) {
  return {{"dct", name_of(options.dct)}, {"upsampling", name_of(options.upsampling)}};
}

}  // namespace apatite::image
