// Checks the compressed streams of DICOM frames before a codec sees them: what their headers say,
// and whether they are complete. RLE is decoded here, without a codec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/dicom/dicom_header.h"

namespace apatite::image {

// What the header of a stream says. If it contradicts the DICOM header, the file is refused.
struct StreamInfo {
  std::size_t size = 0;  // in bytes, without padding
  int precision = 0;     // bits of a sample
  bool is_signed = false;
  bool colour_transform = false;  // of JPEG 2000
};

// Each throws Error (kBadFile, `where`) unless the stream is the one that the transfer syntax
// announces (process, predictor, reversible or not), has the size, the components and the colours
// of the header, is complete from its first marker to its last, and is followed by nothing but
// padding.
//
// JPEG (ISO 10918-1) and JPEG-LS (ISO 14495-1): one frame, markers SOI to EOI.
StreamInfo check_jpeg_stream(std::span<const std::byte> stream, const DicomHeader& header,
                             std::string_view where);
// JPEG 2000 (ISO 15444-1): a code stream, SOC to EOC; every tile-part as long as it says, every
// tile there.
StreamInfo check_jpeg2000_stream(std::span<const std::byte> stream, const DicomHeader& header,
                                 std::string_view where);

// RLE (PS3.5 annex G): one segment per byte of a sample, the highest first, each of packed bytes
// that fill the frame exactly. Returns interleaved little-endian samples.
std::vector<std::byte> decode_rle_stream(std::span<const std::byte> stream,
                                         const DicomHeader& header, std::string_view where);

}  // namespace apatite::image
