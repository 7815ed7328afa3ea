// PNG files put together from parts, right or wrong ones, with right CRCs.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace apatite::image {

inline std::string big_endian_bytes(std::uint32_t value) {
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    text += static_cast<char>(value >> shift & 0xFFU);
  }
  return text;
}

inline std::string png_chunk(std::string_view type, std::string_view payload) {
  const std::string body = std::string(type) + std::string(payload);
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
  return big_endian_bytes(static_cast<std::uint32_t>(payload.size())) + body +
         big_endian_bytes(static_cast<std::uint32_t>(crc));
}

inline std::string png_header(std::uint32_t width, std::uint32_t height, int bit_depth = 8,
                              int colour_type = 0, int interlaced = 0) {
  std::string payload = big_endian_bytes(width) + big_endian_bytes(height);
  for (const int value : {bit_depth, colour_type, 0, 0, interlaced}) {
    payload += static_cast<char>(value);
  }
  return png_chunk("IHDR", payload);
}

inline std::string deflated(std::string_view data) {
  uLongf size = compressBound(static_cast<uLong>(data.size()));
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size()),
                9) != Z_OK) {
    throw std::runtime_error("compress2 failed");
  }
  packed.resize(size);
  return packed;
}

inline std::string png_file(std::string_view chunks) {
  return "\x89PNG\r\n\x1a\n" + std::string(chunks) + png_chunk("IEND", "");
}

// The filtered rows of the 3 x 2 grey image {10, 20, 30; 40, 50, 60}.
inline std::string small_rows() { return std::string("\0\x0A\x14\x1E\0\x28\x32\x3C", 8); }

}  // namespace apatite::image
