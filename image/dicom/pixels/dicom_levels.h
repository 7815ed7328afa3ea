// The grey-scale pipeline of DICOM (PS3.3 C.11, PS3.14) as a table: what becomes of every value
// that a stored sample can have. Arithmetic in binary64, every operation rounded once:
//
//  1. modality   m = slope * s + intercept (a product, then a sum), or the modality LUT's entry
//  2. VOI        with top = 2^bits_stored - 1, of a window of center c and width w
//       LINEAR        c' = c - 0.5, w' = w - 1: 0 if m <= c' - w'/2, top if m > c' + w'/2,
//                     else ((m - c') / w' + 0.5) * top
//       LINEAR_EXACT  the same with c and w themselves
//       SIGMOID       top / (1 + e^(-4 (m - c) / w)), e^x as base/math.h
//     of a LUT its entry for floor(m + 0.5); without VOI m itself
//  3. polarity   inverted: low + high - v, where [low, high] is all that step 2 can give: [0, top],
//                [0, 2^bits - 1] of a LUT, what the stored range becomes without VOI
//  4. padding    if black: low for the stored values that pad
//  5. range      t = (v - low) / (high - low), kept within 0 and 1, of the bounds that are chosen;
//                output floor(t * 255 + 0.5), floor(t * 65535 + 0.5), or t in binary32. Unscaled:
//                floor(v + 0.5), or v in binary32
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "image/dicom/dicom_header.h"
#include "image/dicom/dicom_options.h"
#include "image/pixels/image.h"

namespace apatite::image {

// Entry i is for the sample whose stored bits, seen as unsigned, are i.
using DicomLevels = std::vector<double>;

struct DicomPipeline {
  DicomLevels values;  // after step 4
  double low = 0;      // the range of step 3
  double high = 0;
  std::string voi;  // "window 1 of 3 (NORMAL): center 2653, width 900, SIGMOID", for people
  bool inverted = false;
};

// Steps 1 to 4 for a grey image. Throws Error (kBadFile, `where`): a window or LUT that the file
// does not have or that is ambiguous, an impossible width, photometric interpretation and
// presentation LUT shape that contradict each other.
DicomPipeline dicom_pipeline(const DicomHeader& header, const DicomOptions& options,
                             std::string_view where);

// Step 5 for the stored samples of a grey frame (image/dicom/pixels/dicom_frame.h). Throws Error
// (kBadFile, `where`) for an image of one value with range "data", and for values outside of the
// output's with range "values".
Image apply_dicom_pipeline(const DicomPipeline& pipeline, std::span<const std::byte> frame,
                           const DicomHeader& header, const DicomOptions& options,
                           std::string_view where);

}  // namespace apatite::image
