// Any bytes as a JPEG file; and, since no fuzzer writes Huffman tables soon, as the frame, tables'
// choice and scans of a file that has the usual ones. Either is an image or an Error, and an image
// turns upright.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "image/codec/exif.h"
#include "image/codec/jpeg.h"

namespace apatite {
namespace {

void try_file(const std::string& file) {
  try {
    const image::Image image = image::decode_jpeg(as_bytes(file), "fuzz");
    if (image.orientation == image::Image::kUnreadableOrientation) return;
    const image::Size size = image::upright_size(image);
    const image::Image seen = image::upright(image);
    if (seen.height != size.height || seen.width != size.width) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile) std::abort();
  }
}

std::string segment(int marker, const std::string& payload) {
  const std::size_t length = payload.size() + 2;
  return std::string{'\xFF', static_cast<char>(marker), static_cast<char>(length >> 8U),
                     static_cast<char>(length & 0xFFU)} +
         payload;
}

// A Huffman table of 16 codes of 5 bits for the values 0 to 15, or for runs and sizes.
std::string table(int id, int step) {
  std::string payload(1, static_cast<char>(id));
  for (int bits = 1; bits <= 16; ++bits) payload += static_cast<char>(bits == 5 ? 16 : 0);
  for (int i = 0; i < 16; ++i) payload += static_cast<char>(i * step & 0xFF);
  return segment(0xC4, payload);
}

// Six bytes for frame and scan, the others the scan's data; every 64 bytes a further scan.
std::string file_from(const std::uint8_t* data, std::size_t size) {
  const int components = data[0] % 2 == 0 ? 1 : 3;
  const bool progressive = (data[0] & 2U) != 0;
  std::string frame{'\x08',
                    '\0',
                    static_cast<char>(data[1] % 40 + 1),
                    '\0',
                    static_cast<char>(data[2] % 40 + 1),
                    static_cast<char>(components)};
  for (int i = 0; i < components; ++i) {
    const int sampling = i == 0 ? (data[3] & 0x33) + 0x11 : 0x11;
    frame += std::string{static_cast<char>(i + 1), static_cast<char>(sampling), '\0'};
  }
  std::string file = "\xFF\xD8" + segment(0xDB, std::string(1, '\0') + std::string(64, '\x07'));
  file += segment(progressive ? 0xC2 : 0xC0, frame) + table(0x00, 1) + table(0x10, 0x11);
  if (data[4] != 0) file += segment(0xDD, std::string{'\0', static_cast<char>(data[4])});
  for (std::size_t at = 5; at + 4 < size; at += 64) {
    const int in_scan = (data[at] & 1U) != 0 ? components : 1;
    std::string scan(1, static_cast<char>(in_scan));
    for (int i = 0; i < in_scan; ++i) {
      scan += std::string{static_cast<char>(in_scan == 1 ? data[at] / 2 % components + 1 : i + 1),
                          '\0'};
    }
    scan += progressive ? std::string{static_cast<char>(data[at + 1] % 64),
                                      static_cast<char>(data[at + 2] % 64),
                                      static_cast<char>(data[at + 3] & 0x33)}
                        : std::string{'\0', '\x3F', '\0'};
    file += segment(0xDA, scan);
    for (std::size_t i = at + 4; i < size && i < at + 64; ++i) file += static_cast<char>(data[i]);
  }
  return file + "\xFF\xD9";
}

}  // namespace
}  // namespace apatite

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  apatite::try_file(std::string(reinterpret_cast<const char*>(data), size));
  if (size > 9) apatite::try_file(apatite::file_from(data, size));
  return 0;
}
