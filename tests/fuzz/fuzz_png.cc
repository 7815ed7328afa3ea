// Any bytes as a PNG file; and, since no fuzzer guesses a CRC, a file with right CRCs made from
// them. Either is an image that survives writing and reading again, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "image/codec/png.h"
#include "tests/image/codec/png_parts.h"

namespace apatite {
namespace {

void try_file(const std::string& file) {
  try {
    const image::Image image = image::decode_png(std::as_bytes(std::span(file)), "fuzz");
    const std::string again = image::encode_png(image);
    const image::Image same = image::decode_png(std::as_bytes(std::span(again)), "fuzz");
    const auto a = image::sample_bytes(image);
    const auto b = image::sample_bytes(same);
    if (a.size() != b.size() || std::memcmp(a.data(), b.data(), a.size()) != 0) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile) std::abort();
  }
}

// The first bytes choose the header, a palette and transparency; the others are the image data,
// compressed or as they are, in one or two chunks.
std::string file_from(const std::string& input) {
  constexpr std::size_t kChoices = 8;
  const auto choice = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  const int depth = 1 << (choice(0) & 7U);
  std::string chunks = image::png_header(choice(1) % 40, choice(2) % 40, depth, choice(3) % 8,
                                         choice(4) % 3 == 0 ? 1 : 0);
  const std::string rest = input.substr(kChoices);
  if (choice(5) != 0) chunks += image::png_chunk("PLTE", rest.substr(0, choice(5)));
  if (choice(6) != 0) chunks += image::png_chunk("tRNS", rest.substr(0, choice(6)));
  const std::string data = (choice(7) & 1U) != 0 ? image::deflated(rest) : rest;
  const std::size_t cut = (choice(7) & 2U) != 0 ? data.size() / 2 : data.size();
  return image::png_file(chunks + image::png_chunk("IDAT", data.substr(0, cut)) +
                         image::png_chunk("IDAT", data.substr(cut)));
}

}  // namespace
}  // namespace apatite

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  apatite::try_file(input);
  if (size > 8) apatite::try_file(apatite::file_from(input));
  return 0;
}
