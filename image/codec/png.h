// PNG (ISO/IEC 15948) by libpng.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "image/pixels/image.h"

namespace apatite::image {

// True if the bytes start like a PNG file, even a damaged or cut one.
bool is_png(std::span<const std::byte> file);

// Gives these samples, of interlaced files too:
//   - 8-bit and 16-bit samples as stored;
//   - grey of 1, 2 and 4 bits widened to 8 bits (times 255, 85, 17);
//   - palettes expanded to RGB, or to RGB and alpha if they have transparency (tRNS);
//   - the transparent colour of a grey or RGB file as an alpha channel.
// gAMA, cHRM, sRGB, iCCP, sBIT, bKGD and every other ancillary chunk except tRNS and eXIf are
// checked (CRC) and not used. Image::orientation is that of eXIf (unreadable if there are two); the
// samples are as stored.
//
// Throws Error (kBadFile, `where`) on
//   - a wrong CRC or Adler-32, and every warning of libpng;
//   - a chunk that is missing, there twice or out of order; an unknown critical chunk;
//   - a palette index without an entry;
//   - too little or too much image data; bytes after IEND;
//   - sizes beyond image.h's limits, and a size that the compressed data cannot fill (deflate
//   yields
//     at most 1032 bytes per byte), before memory for pixels is taken.
Image decode_png(std::span<const std::byte> file, std::string_view where);

// Encodes an 8-bit or 16-bit image as a PNG file without ancillary chunks, not interlaced. The
// bytes depend only on the image and on the version of zlib. Throws Error (kUsage) for binary32
// samples.
std::string encode_png(const Image& image);
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace apatite::image
