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

// Samples: 8-bit and 16-bit as stored; 1, 2 and 4-bit grey widened to 8 bits (times 255, 85, 17);
// palettes expanded to RGB, or RGB and alpha if they have transparency (tRNS); the transparent
// colour of a grey or RGB file becomes an alpha channel. Interlaced files too. gAMA, cHRM, sRGB,
// iCCP, sBIT, bKGD and every other ancillary chunk but tRNS and eXIf are checked (CRC) and not
// used. Image::orientation is that of eXIf (unreadable, if there are two); the samples are as
// stored.
//
// Strict: throws Error (kBadFile, `where`) on a wrong CRC, a wrong Adler-32, a chunk that is
// missing, twice or out of order, an unknown critical chunk, a palette index without an entry, too
// little or too much image data, bytes after IEND, sizes beyond image.h's limits, and on a size
// that the compressed data cannot fill (deflate yields at most 1032 bytes per byte), before memory
// for pixels is taken. Any warning of libpng is an error.
Image decode_png(std::span<const std::byte> file, std::string_view where);

// An 8-bit or 16-bit image as a PNG file without ancillary chunks, not interlaced. The bytes depend
// on the image and on zlib's version alone. Throws Error (kUsage) for binary32 samples.
std::string encode_png(const Image& image);
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace apatite::image
