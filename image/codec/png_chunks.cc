#include "image/codec/png_chunks.h"

#include <zlib.h>

#include <array>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "image/pixels/image.h"

namespace apatite::image {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kChunkFrame = 12;             // length, type, CRC
constexpr std::int64_t kMaxDataBytes = 0x7FFFFFFF;  // what one chunk can hold
constexpr std::int64_t kMaxInflation = 1032;        // deflate: 258 bytes from two bits

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint32_t big_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (const std::byte b : bytes.first(4)) value = value << 8U | std::to_integer<std::uint32_t>(b);
  return value;
}

[[noreturn]] void refuse(std::string_view where, std::string_view what,
                         std::string_view remedy = "the file is damaged: export or copy it again") {
  throw Error(ErrorKind::kBadFile, where, what, remedy);
}

struct Chunk {
  std::string_view type;
  std::span<const std::byte> payload;
  std::span<const std::byte> whole;
};

// The chunk at `offset`, its CRC checked.
Chunk read_chunk(std::span<const std::byte> file, std::size_t offset, std::string_view where) {
  const auto rest = file.subspan(offset);
  const std::string at = " at byte " + to_text(static_cast<std::int64_t>(offset));
  if (rest.size() < kChunkFrame) refuse(where, "is truncated: a PNG chunk is cut" + at);
  const std::size_t length = big_endian(rest);
  if (length > rest.size() - kChunkFrame) {
    refuse(where, "is truncated: a PNG chunk of " +
                      with_thousands(static_cast<std::int64_t>(length)) + " bytes is cut" + at);
  }
  const auto covered = rest.subspan(4, 4 + length);
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(covered.data()),
                            static_cast<z_size_t>(covered.size()));
  if (crc != big_endian(rest.subspan(8 + length))) {
    refuse(where, "has a wrong CRC in the PNG chunk" + at);
  }
  return {as_text(covered.first(4)), covered.subspan(4), rest.first(kChunkFrame + length)};
}

bool allows(int colour_type, int bit_depth) {
  switch (colour_type) {
    case PngHeader::kGrey:
      return bit_depth == 1 || bit_depth == 2 || bit_depth == 4 || bit_depth == 8 ||
             bit_depth == 16;
    case PngHeader::kPalette:
      return bit_depth == 1 || bit_depth == 2 || bit_depth == 4 || bit_depth == 8;
    case PngHeader::kRgb:
    case PngHeader::kGreyAlpha:
    case PngHeader::kRgbAlpha:
      return bit_depth == 8 || bit_depth == 16;
    default:
      return false;
  }
}

PngHeader read_header(const Chunk& chunk, std::string_view where) {
  if (chunk.type != "IHDR" || chunk.payload.size() != 13) {
    refuse(where, "does not start with a PNG header (IHDR)");
  }
  const auto byte = [&](std::size_t i) { return std::to_integer<int>(chunk.payload[i]); };
  const PngHeader header{big_endian(chunk.payload), big_endian(chunk.payload.subspan(4)), byte(8),
                         byte(9), byte(12) == 1};
  if (!allows(header.colour_type, header.bit_depth) || byte(10) != 0 || byte(11) != 0 ||
      byte(12) > 1) {
    refuse(where, "has a PNG header that the standard does not know");
  }
  check_image_size(header.height, header.width, where);
  return header;
}

int samples_per_pixel(int colour_type) {
  switch (colour_type) {
    case PngHeader::kRgb:
      return 3;
    case PngHeader::kGreyAlpha:
      return 2;
    case PngHeader::kRgbAlpha:
      return 4;
    default:
      return 1;
  }
}

// Bytes of the filtered rows of one (sub)image: each row has a filter byte.
std::int64_t filtered_bytes(std::int64_t height, std::int64_t width, std::int64_t bits_per_pixel) {
  return height == 0 || width == 0 ? 0 : height * (1 + (width * bits_per_pixel + 7) / 8);
}

// What the IDAT data inflates to.
std::int64_t inflated_bytes(const PngHeader& header) {
  const std::int64_t bits = std::int64_t{header.bit_depth} * samples_per_pixel(header.colour_type);
  if (!header.interlaced) return filtered_bytes(header.height, header.width, bits);
  struct Pass {  // Adam7: first row and column, steps
    std::int64_t y, x, dy, dx;
  };
  constexpr std::array kPasses{Pass{0, 0, 8, 8}, Pass{0, 4, 8, 8}, Pass{4, 0, 8, 4},
                               Pass{0, 2, 4, 4}, Pass{2, 0, 4, 2}, Pass{0, 1, 2, 2},
                               Pass{1, 0, 2, 1}};
  std::int64_t total = 0;
  for (const Pass& pass : kPasses) {
    total += filtered_bytes((header.height - pass.y + pass.dy - 1) / pass.dy,
                            (header.width - pass.x + pass.dx - 1) / pass.dx, bits);
  }
  return total;
}

void check_inflation(const PngChunks& chunks, std::string_view where) {
  if (chunks.data_bytes > kMaxDataBytes) {
    refuse(where, "has " + with_thousands(chunks.data_bytes) + " bytes of image data",
           "at most " + with_thousands(kMaxDataBytes) + " are read");
  }
  const std::int64_t needed = inflated_bytes(chunks.header);
  if (needed / kMaxInflation > chunks.data_bytes) {
    refuse(where, "says that it has " + to_text(chunks.header.width) + "x" +
                      to_text(chunks.header.height) + " pixels, which its " +
                      with_thousands(chunks.data_bytes) + " bytes of data cannot hold");
  }
}

void check_palette(const PngChunks& chunks, std::string_view where) {
  const std::size_t entries = chunks.palette.size() / 3;
  const bool is_palette = chunks.header.colour_type == PngHeader::kPalette;
  if (is_palette && (entries == 0 || chunks.palette.size() % 3 != 0 ||
                     entries > std::size_t{1} << static_cast<unsigned>(chunks.header.bit_depth))) {
    refuse(where, "has no palette or one of an impossible size");
  }
  if (is_palette && chunks.transparency.size() > entries) {
    refuse(where, "has more transparency entries than palette entries");
  }
}

// Sorts the chunks into PngChunks as they come.
class ChunkSorter {
 public:
  explicit ChunkSorter(std::string_view where) : where_(where) {}

  void add(const Chunk& chunk, PngChunks& chunks) {
    if (chunk.type == "IDAT") {
      if (state_ == State::kAfterData) refuse(where_, "has PNG chunks between its image data");
      state_ = State::kData;
      chunks.data_bytes += static_cast<std::int64_t>(chunk.payload.size());
      chunks.data.push_back(chunk.payload);
      return;
    }
    if (state_ == State::kData) state_ = State::kAfterData;
    if (chunk.type == "PLTE") {
      before_data(chunk, chunks.palette);
      // In an RGB image it is a mere suggestion for quantising.
      const int colour_type = chunks.header.colour_type;
      if (colour_type == PngHeader::kGrey || colour_type == PngHeader::kGreyAlpha) {
        refuse(where_, "is a grey PNG with a palette");
      }
      if (colour_type == PngHeader::kPalette) chunks.head.push_back(chunk.whole);
    } else if (chunk.type == "tRNS") {
      before_data(chunk, chunks.transparency);
      if (chunks.header.colour_type == PngHeader::kPalette && chunks.palette.empty()) {
        refuse(where_, "has transparency before its palette");
      }
      chunks.head.push_back(chunk.whole);
    } else if (chunk.type == "IEND") {
      if (state_ == State::kBeforeData) refuse(where_, "has no image data");
      if (!chunk.payload.empty()) refuse(where_, "has data in its PNG end chunk");
      chunks.end = chunk.whole;
    } else if (chunk.type == "eXIf") {
      chunks.exif.push_back(chunk.payload);
    } else if (chunk.type == "IHDR") {
      refuse(where_, "has a second PNG header");
    } else if ((static_cast<unsigned char>(chunk.type[0]) & 0x20U) == 0) {
      refuse(where_, "has the unknown critical PNG chunk " + std::string(chunk.type));
    }
    // Anything else is ancillary: its CRC is right, its content is not used.
  }

 private:
  enum class State { kBeforeData, kData, kAfterData };

  void before_data(const Chunk& chunk, std::span<const std::byte>& payload) const {
    if (state_ != State::kBeforeData || payload.data() != nullptr) {
      refuse(where_, "has its PNG chunk " + std::string(chunk.type) + " twice or out of order");
    }
    payload = chunk.payload;
  }

  std::string_view where_;
  State state_ = State::kBeforeData;
};

}  // namespace

bool has_png_signature(std::span<const std::byte> file) {
  return as_text(file).starts_with(kSignature);
}

PngChunks read_png_chunks(std::span<const std::byte> file, std::string_view where) {
  if (!has_png_signature(file)) {
    refuse(where, "has a damaged PNG signature",
           "it may have been copied as text: copy it again as binary");
  }
  PngChunks chunks;
  chunks.head.push_back(file.first(kSignature.size()));
  Chunk chunk = read_chunk(file, kSignature.size(), where);
  chunks.header = read_header(chunk, where);
  chunks.head.push_back(chunk.whole);
  std::size_t offset = kSignature.size() + chunk.whole.size();
  ChunkSorter sorter(where);
  while (chunk.type != "IEND") {
    chunk = read_chunk(file, offset, where);
    offset += chunk.whole.size();
    sorter.add(chunk, chunks);
  }
  if (offset != file.size()) {
    refuse(where,
           "has " + with_thousands(static_cast<std::int64_t>(file.size() - offset)) +
               " bytes after its PNG end chunk",
           "remove them, if the rest is what you expect");
  }
  check_palette(chunks, where);
  check_inflation(chunks, where);
  return chunks;
}

}  // namespace apatite::image
