// The section "dicom" of a recipe: how stored samples become an image (docs/dicom.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "image/dicom/dicom_header.h"

namespace apatite::image {

// One of the windows or LUTs of the file: by number, from 1, or by its explanation.
using DicomIndex = std::variant<std::int64_t, std::string>;

struct VoiFirst {};  // the file's first VOI LUT, or, if it has none, its first window
struct VoiNone {};
struct VoiFileWindow {
  DicomIndex which;
};
struct VoiFileLut {
  DicomIndex which;
};
struct VoiWindow {  // given by the recipe
  double center = 0;
  double width = 0;
};
using VoiChoice = std::variant<VoiFirst, VoiNone, VoiFileWindow, VoiFileLut, VoiWindow>;

enum class DicomPolarity {
  kFile,    // inverted where the file says MONOCHROME1 or Presentation LUT Shape INVERSE
  kKeep,    // as stored
  kInvert,  // always inverted
};

struct RangeBits {};    // all that the step before can give
struct RangeData {};    // from the least to the greatest value of the image
struct RangeValues {};  // no scaling: the values themselves
struct RangeBounds {
  double low = 0;
  double high = 0;
};
using DicomRange = std::variant<RangeBits, RangeData, RangeValues, RangeBounds>;

struct DicomOptions {
  std::optional<std::int64_t> frame;  // from 1; empty: the file must have one
  bool apply_modality = true;
  VoiChoice voi = VoiFirst{};
  std::optional<VoiFunction> function;  // empty: the file's
  DicomPolarity polarity = DicomPolarity::kFile;
  bool padding_black = true;
  DicomRange range = RangeBits{};
  int output_bits = 16;  // of a sample: 8, 16 or 32 (binary32)
};

// Every key may be left out and has the default above. Throws Error (kBadFile, `where`) on an
// unknown key, a wrong type or range.
DicomOptions dicom_options_from_json(const Json& json, std::string_view where);
// Every key written out.
Json to_json(const DicomOptions& options);

}  // namespace apatite::image
