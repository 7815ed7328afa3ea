// DICOM images (PS3.3, PS3.5, PS3.10).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "image/dicom/dicom_options.h"
#include "image/pixels/image.h"

namespace apatite::image {

// Reads one frame of a DICOM file and converts it as `options` say: to grey of 8, 16 or 32 bits, or
// RGB of 8 or 16. Image::facts says what was found and done. docs/dicom.md says what is read and
// what is refused.
//
// Call it only in a decoder process, because compressed pixels are decoded by GDCM
// (image/dicom/pixels/gdcm_codec.h); elsewhere call DecoderPool::decode
// (image/decoder/decoder_pool.h). Throws Error: kBadFile, kUnavailable.
Image decode_dicom(std::span<const std::byte> file, const DicomOptions& options,
                   std::string_view where);

}  // namespace apatite::image
