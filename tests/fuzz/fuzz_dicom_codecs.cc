// Any bytes as a DICOM file the way apatite opens it: in a decoder process, with its sandbox and
// GDCM's codecs. A decoder may die of it; what comes back is an image as the header says it, or an
// Error, and twice the same. Seeds: tests/goldens/dicom (scripts/fuzz.sh).
//
// No fuzzer guesses a stream and a header that fit together: a compressed stream is also tried
// under a header made from what it says of itself.
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/sha256.h"
#include "image/decoder/decoder_pool.h"
#include "image/dicom/dicom_data_set.h"
#include "image/dicom/dicom_header.h"
#include "image/dicom/pixels/dicom.h"
#include "image/dicom/pixels/dicom_frame.h"
#include "tests/image/dicom/dicom_parts.h"

namespace apatite {
namespace {

image::DicomOptions options() {
  image::DicomOptions all{.frame = 1};
  all.voi = image::VoiNone{};
  all.apply_modality = false;
  all.range = image::RangeValues{};
  all.output_bits = 32;
  return all;
}

// Fresh memory holds something else at every call, so that pixels that no one wrote differ
// (AddressSanitizer fills it itself).
image::Image decode(std::span<const std::byte> file, std::string_view where) {
  static int fill = 0;
  fill = fill == 0x55 ? 0xC3 : 0x55;
  ::mallopt(M_PERTURB, fill);
  return image::decode_dicom(file, options(), where);
}

image::DecoderPool& pool() {
  static image::DecoderPool only(1, decode,
                                 {.memory_mib = 512, .cpu_seconds = 10, .wall_seconds = 2});
  return only;
}

// A file in memory and its path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    const auto size = static_cast<ssize_t>(content.size());
    if (descriptor_ < 0 || ::write(descriptor_, content.data(), content.size()) != size) {
      std::abort();
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// The samples' hash, or that the file is refused; nothing where the machine's speed decided.
std::optional<std::string> verdict(const MemoryFile& file, std::string_view content) {
  try {
    const image::Image image = pool().decode(file.path());
    const auto bytes = as_bytes(content);
    const image::DicomHeader header =
        image::read_dicom_header(image::read_dicom(bytes, "fuzz"), 1, "fuzz");
    if (image.height != header.rows || image.width != header.columns ||
        image.channels != header.samples_per_pixel || image.bit_depth() != 32) {
      std::abort();
    }
    return sha256_hex(image::sample_bytes(image));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile) std::abort();
    if (std::string_view(error.what()).find("was not decoded within") != std::string_view::npos) {
      return {};
    }
    return "refused";
  }
}

void try_file(const std::string& content) {
  const MemoryFile file(content);
  const auto first = verdict(file, content);
  if (!first) return;
  const auto second = verdict(file, content);
  if (second && *second != *first) std::abort();
}

// The value of `size` bytes at `at`, the highest first; 0 beyond the end.
std::uint64_t big(std::string_view text, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + size; ++i) {
    value = value << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return value;
}

// A header for a stream, from its first frame header (JPEG, JPEG-LS) or image size (JPEG 2000).
std::optional<image::DicomParts> parts_of(std::string_view stream, bool jpeg2000) {
  image::DicomParts parts;
  std::uint64_t depth = 0;
  if (jpeg2000) {
    parts.columns = big(stream, 8, 4) - big(stream, 16, 4);
    parts.rows = big(stream, 12, 4) - big(stream, 20, 4);
    parts.samples = big(stream, 40, 2);
    depth = big(stream, 42, 1);
    parts.representation = depth >> 7U;
    depth = (depth & 0x7FU) + 1;
  } else {
    constexpr std::array<std::string_view, 4> kFrames{"\xFF\xC0", "\xFF\xC1", "\xFF\xC3",
                                                      "\xFF\xF7"};
    std::size_t at = std::string_view::npos;
    for (const std::string_view frame : kFrames) at = std::min(at, stream.find(frame));
    if (at == std::string_view::npos) return {};
    depth = big(stream, at + 4, 1);
    parts.rows = big(stream, at + 5, 2);
    parts.columns = big(stream, at + 7, 2);
    parts.samples = big(stream, at + 9, 1);
  }
  if (parts.rows > 300 || parts.columns > 300 || depth > 16 || depth == 0) return {};
  const bool grey = parts.samples == 1;
  parts.allocated = depth > 8 ? 16 : 8;
  parts.stored = grey ? depth : parts.allocated;
  parts.high_bit = parts.stored - 1;
  parts.photometric = grey ? "MONOCHROME2" : stream.size() % 4 < 2 ? "RGB" : "YBR_FULL";
  return parts;
}

void try_stream(const std::string& content) {
  std::string stream;
  std::string syntax;
  try {
    const image::DicomFile file = image::read_dicom(as_bytes(content), "fuzz");
    const image::DicomHeader header = image::read_dicom_header(file, 1, "fuzz");
    if (header.syntax->codec == image::DicomCodec::kNone ||
        header.syntax->codec == image::DicomCodec::kRle) {
      return;
    }
    syntax = header.syntax->uid;
    stream = as_text(image::dicom_frame_stream(file, header, 1, "fuzz"));
  } catch (const Error&) {
    return;
  }
  const auto parts = parts_of(stream, syntax.ends_with(".90") || syntax.ends_with(".91"));
  if (parts)
    try_file(image::dicom_file(syntax, parts->header() + image::dicom_fragments_of({stream})));
}

}  // namespace
}  // namespace apatite

// Before any thread starts: the pool forks.
extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
  apatite::pool();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(reinterpret_cast<const char*>(data), size);
  apatite::try_file(content);
  apatite::try_stream(content);
  return 0;
}
