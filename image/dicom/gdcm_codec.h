// The codecs of GDCM, whose own readers of files are not used.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "image/dicom/dicom_header.h"
#include "image/dicom/dicom_stream.h"

namespace apatite::image {

// False if apatite was built without GDCM.
bool have_gdcm();

// Decodes one checked stream (image/dicom/dicom_stream.h) of JPEG, JPEG-LS or JPEG 2000 to
// interleaved samples of 8 bits, or 16 little-endian where `info.precision` is above 8, colours as
// they are in the stream, but for the colour transforms of JPEG 2000, which are undone.
//
// Only for a process that may die and is watched (image/decoder/decoder_process.h): GDCM ends its
// process on some damaged streams, and says of others on standard error that it invented pixels,
// and succeeds. Throws Error (kBadFile, `where`) if it fails or gives another number of bytes;
// kUnavailable if there is no GDCM.
std::vector<std::byte> decode_with_gdcm(std::span<const std::byte> stream, const StreamInfo& info,
                                        const DicomHeader& header, std::string_view where);

}  // namespace apatite::image
