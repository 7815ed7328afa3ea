// JPEG (ISO/IEC 10918-1) by libjpeg-turbo.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "image/codec/jpeg_options.h"
#include "image/pixels/image.h"

namespace apatite::image {

// True if the bytes start like a JPEG file, even a damaged or cut one.
bool is_jpeg(std::span<const std::byte> file);

// Samples: 8-bit grey as stored, or RGB from YCbCr or RGB; baseline, extended and progressive
// Huffman coding, any subsampling that libjpeg-turbo reads. Decoded with the inverse DCT and the
// chroma upsampling of `options`; with the default ones the samples are those of Pillow and OpenCV.
// A colour profile is not used. Image::orientation is that of the EXIF
// data; the samples are as stored.
//
// Strict: throws Error (kBadFile, `where`) on anything that libjpeg-turbo warns of (a cut or
// damaged scan, a missing restart marker, extraneous bytes), on bytes after the end of image other
// than zeros (padding), on a component without a scan and a progressive file whose scans do not
// send every bit of every coefficient (where libjpeg would invent the rest), on CMYK, arithmetic
// coding, more than 100 scans, sizes beyond image.h's limits, and on more blocks than the file has
// bits (a block costs at least one), before memory for pixels is taken.
Image decode_jpeg(std::span<const std::byte> file, std::string_view where,
                  const JpegOptions& options = {});

}  // namespace apatite::image
