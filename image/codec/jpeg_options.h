// How samples are computed from the coefficients of a JPEG file: the standard leaves it open, and a
// recipe chooses.
#pragma once

#include <string_view>

#include "base/json.h"

namespace apatite::image {

// libjpeg-turbo's integer inverse DCTs, whose samples are the same on every processor. Its
// floating-point DCT is not offered, because its samples are not.
enum class JpegDct {
  kIslow,  // "islow": the accurate one, which most programs use
  kIfast,  // "ifast": less accurate
};

// How subsampled chroma becomes one sample per pixel.
enum class JpegUpsampling {
  kFancy,    // "fancy": by linear interpolation ("triangle filter"), which most programs use
  kNearest,  // "nearest": each is repeated
};

struct JpegOptions {
  JpegDct dct = JpegDct::kIslow;
  JpegUpsampling upsampling = JpegUpsampling::kFancy;
  bool operator==(const JpegOptions&) const = default;
};

std::string_view name_of(JpegDct dct);
std::string_view name_of(JpegUpsampling upsampling);

// Every key may be left out and has the default above. Throws Error (kBadFile, `where`) on an
// unknown key or word.
JpegOptions jpeg_options_from_json(const Json& json, std::string_view where);
// Every key written out.
Json to_json(const JpegOptions& options);

}  // namespace apatite::image
