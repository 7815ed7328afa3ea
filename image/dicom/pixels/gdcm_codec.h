// The codecs of GDCM, whose own readers of files are not used.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "image/dicom/dicom_header.h"
#include "image/dicom/pixels/dicom_stream.h"

namespace apatite::image {

// False if apatite was built without GDCM.
bool have_gdcm();

// Decodes one checked stream (image/dicom/pixels/dicom_stream.h) of JPEG, JPEG-LS or JPEG 2000 to
// interleaved samples of 8 bits, or 16 little-endian where `info.precision` is above 8, colours as
// they are in the stream, but for the colour transforms of JPEG 2000, which are undone.
//
// Call it only in a decoder process (image/decoder/decoder_process.h). GDCM ends its process on
// some damaged streams; for others it invents pixels, writes so to standard error, and reports
// success. Throws Error: kBadFile (`where`) if it fails or gives another number of bytes;
// kUnavailable if apatite was built without GDCM.
std::vector<std::byte> decode_with_gdcm(std::span<const std::byte> stream, const StreamInfo& info,
                                        const DicomHeader& header, std::string_view where);

}  // namespace apatite::image
