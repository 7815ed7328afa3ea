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

// Gives 8-bit grey samples as stored, or RGB from YCbCr or RGB. Reads baseline, extended and
// progressive Huffman coding, with any subsampling that libjpeg-turbo reads. `options` choose the
// inverse DCT and the chroma upsampling; with the default ones the samples are those of Pillow and
// OpenCV. A colour profile is not used. Image::orientation is that of the EXIF data; the samples
// are as stored.
//
// Throws Error (kBadFile, `where`) on
//   - everything that libjpeg-turbo warns of (a cut or damaged scan, a missing restart marker,
//     extraneous bytes);
//   - bytes after the end of the image other than zeros (padding);
//   - a component without a scan, and a progressive file whose scans do not send every bit of every
//     coefficient (libjpeg would invent the rest);
//   - CMYK, arithmetic coding, more than 100 scans;
//   - sizes beyond image.h's limits, and more blocks than the file has bits (a block needs at least
//     one), before memory for pixels is taken.
Image decode_jpeg(std::span<const std::byte> file, std::string_view where,
                  const JpegOptions& options = {});

}  // namespace apatite::image
