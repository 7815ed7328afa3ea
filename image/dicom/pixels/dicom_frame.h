// The stored samples of one frame of a DICOM file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/dicom/dicom_header.h"

namespace apatite::image {

// Samples as they are stored, with whatever the unused bits hold: of 8 or 16 bits (little-endian),
// interleaved, rows from the top.
struct DicomFrame {
  std::vector<std::byte> owned;  // empty where `bytes` lies in the file
  std::span<const std::byte> bytes;
};

// The compressed stream of frame `frame` (from 1): its fragments, joined. The fragments belong to
// the frames in one of three ways: there is one frame, or one fragment per frame, or an offset
// table. Throws Error (kBadFile, `where`).
std::vector<std::byte> dicom_frame_stream(const DicomFile& file, const DicomHeader& header,
                                          std::int64_t frame, std::string_view where);

// Decodes frame `frame`. The length of the pixel data must be what the header says, up to the
// padding to an even one. Compressed frames except RLE may only be decoded in a decoder
// process (image/dicom/pixels/gdcm_codec.h). Throws Error (kBadFile, `where`). `file` must outlive
// the result.
DicomFrame decode_dicom_frame(const DicomFile& file, const DicomHeader& header, std::int64_t frame,
                              std::string_view where);

}  // namespace apatite::image
