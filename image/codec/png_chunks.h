// The chunk structure of a PNG file. It is checked before libpng sees any byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace apatite::image {

// What IHDR says (ISO/IEC 15948, 11.2.2).
struct PngHeader {
  std::int64_t width = 0;
  std::int64_t height = 0;
  int bit_depth = 0;
  int colour_type = 0;
  bool interlaced = false;

  static constexpr int kGrey = 0;
  static constexpr int kRgb = 2;
  static constexpr int kPalette = 3;
  static constexpr int kGreyAlpha = 4;
  static constexpr int kRgbAlpha = 6;
};

struct PngChunks {
  PngHeader header;
  std::span<const std::byte> palette;            // payload of PLTE, RGB triples; empty if none
  std::span<const std::byte> transparency;       // payload of tRNS; empty if none
  std::vector<std::span<const std::byte>> exif;  // payloads of eXIf; the standard allows one
  // What decoding needs of the file: signature, IHDR, PLTE and tRNS whole, ...
  std::vector<std::span<const std::byte>> head;
  // ... the payloads of all IDAT chunks, which are one zlib stream, ...
  std::vector<std::span<const std::byte>> data;
  std::int64_t data_bytes = 0;
  // ... and IEND whole.
  std::span<const std::byte> end;
};

bool has_png_signature(std::span<const std::byte> file);

// Checks the length and CRC of every chunk, their order and number, and that nothing follows IEND.
// Checks that the standard allows the header, and that the size is within image.h's limits and no
// larger than the data can inflate to. Throws Error (kBadFile, `where`).
PngChunks read_png_chunks(std::span<const std::byte> file, std::string_view where);

}  // namespace apatite::image
