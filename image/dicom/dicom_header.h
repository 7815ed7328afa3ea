// What a DICOM file says about its pixels and how to show them, checked for consistency.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "image/dicom/dicom_data_set.h"

namespace apatite::image {

enum class DicomCodec { kNone, kRle, kJpeg, kJpegLs, kJpeg2000 };

// One row of the table of transfer syntaxes whose pixels are decoded.
struct DicomTransferSyntax {
  std::string_view uid;
  std::string_view name;  // "JPEG Lossless, first-order prediction"
  DicomCodec codec = DicomCodec::kNone;
  bool lossless = true;
};

// A table from consecutive inputs, the first of which is `first`, to outputs of `bits` bits.
// Inputs below take the first output, those above the last (PS3.3 C.11.1.1, C.11.2.1.1).
struct DicomLut {
  std::int64_t first = 0;
  int bits = 0;
  std::string explanation;
  std::vector<std::uint16_t> table;
};

enum class VoiFunction { kLinear, kLinearExact, kSigmoid };

struct DicomWindow {
  double center = 0;
  double width = 0;
  std::string explanation;
};

struct DicomHeader {
  const DicomTransferSyntax* syntax = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t frames = 1;
  int samples_per_pixel = 1;
  bool planar = false;  // all of one colour after the other
  std::string
      photometric;  // MONOCHROME1, MONOCHROME2, RGB, YBR_FULL, YBR_FULL_422, YBR_RCT, YBR_ICT
  int bits_allocated = 0;  // 8 or 16
  int bits_stored = 0;
  int high_bit = 0;
  bool is_signed = false;

  std::optional<double> slope;  // with intercept
  std::optional<double> intercept;
  std::optional<DicomLut> modality_lut;
  std::vector<DicomWindow> windows;
  VoiFunction function = VoiFunction::kLinear;
  std::vector<DicomLut> voi_luts;
  std::string presentation_shape;  // IDENTITY, INVERSE or empty
  // Stored values from `padding` to `padding_limit` (either may be the larger) are no image.
  std::optional<std::int64_t> padding;
  std::optional<std::int64_t> padding_limit;

  [[nodiscard]] bool is_grey() const { return samples_per_pixel == 1; }
  // The values that a stored sample can have.
  [[nodiscard]] std::int64_t least_stored() const {
    return is_signed ? -(std::int64_t{1} << (bits_stored - 1)) : 0;
  }
  [[nodiscard]] std::int64_t greatest_stored() const {
    return (std::int64_t{1} << (is_signed ? bits_stored - 1 : bits_stored)) - 1;
  }
  // Of one frame that is not compressed.
  [[nodiscard]] std::size_t frame_bytes() const;
};

// Reads the header of frame `frame` (from 1), or of the only one. Enhanced files say these things
// once for all frames or per frame. Throws Error (kBadFile, `where`): fields that are missing,
// contradict each other or are not supported; several frames where none is named; no such frame.
DicomHeader read_dicom_header(const DicomFile& file, std::optional<std::int64_t> frame,
                              std::string_view where);

}  // namespace apatite::image
