#include "image/dicom/pixels/dicom_stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "image/dicom/pixels/dicom_stream_reader.h"

namespace apatite::image {
namespace {

std::string number(std::int64_t value) { return to_text(value); }

// --- JPEG 2000

constexpr std::uint16_t kSoc = 0xFF4F;
constexpr std::uint16_t kSiz = 0xFF51;
constexpr std::uint16_t kCod = 0xFF52;
constexpr std::uint16_t kCoc = 0xFF53;
constexpr std::uint16_t kSot = 0xFF90;
constexpr std::uint16_t kSod = 0xFF93;
constexpr std::uint16_t kEoc = 0xFFD9;
constexpr std::int64_t kMostTiles = 65'535;

struct Siz {
  StreamInfo info;
  std::int64_t tiles = 0;
};

Siz read_siz(StreamReader content, const DicomHeader& header) {
  content.skip(2);
  const std::int64_t x1 = content.take<std::uint32_t>();
  const std::int64_t y1 = content.take<std::uint32_t>();
  const std::int64_t x0 = content.take<std::uint32_t>();
  const std::int64_t y0 = content.take<std::uint32_t>();
  const std::int64_t tile_width = content.take<std::uint32_t>();
  const std::int64_t tile_height = content.take<std::uint32_t>();
  const std::int64_t tile_x = content.take<std::uint32_t>();
  const std::int64_t tile_y = content.take<std::uint32_t>();
  const int components = content.take<std::uint16_t>();
  check_stream_size(content, header, y1 - y0, x1 - x0, components);
  if (tile_width == 0 || tile_height == 0 || tile_x > x0 || tile_y > y0) {
    content.refuse("has impossible tiles");
  }
  Siz siz;
  const std::int64_t across = (x1 - tile_x + tile_width - 1) / tile_width;
  const std::int64_t down = (y1 - tile_y + tile_height - 1) / tile_height;
  if (across > kMostTiles || down > kMostTiles || across * down > kMostTiles) {
    content.refuse("has more tiles than can be numbered");
  }
  siz.tiles = across * down;
  for (int i = 0; i < components; ++i) {
    const int depth = content.take<std::uint8_t>();
    const int step_x = content.take<std::uint8_t>();
    const int step_y = content.take<std::uint8_t>();
    const StreamInfo info{0, (depth & 0x7F) + 1, (depth & 0x80) != 0};
    if (step_x != 1 || step_y != 1) content.refuse("has components of other sizes");
    if (i > 0 && (info.precision != siz.info.precision || info.is_signed != siz.info.is_signed)) {
      content.refuse("has components of different depths");
    }
    siz.info = info;
  }
  check_stream_precision(content, header, siz.info.precision);
  if (siz.info.is_signed != header.is_signed) {
    content.refuse(siz.info.is_signed ? "is signed, the header says unsigned"
                                      : "is unsigned, the header says signed");
  }
  return siz;
}

// What COD (its own bytes: style, order, layers, colour transform, levels, block sizes, passes) or
// COC (component, style, levels, ...) says of the wavelet; returns COD's colour transform.
bool read_coding_style(StreamReader content, bool coc, const DicomHeader& header) {
  bool colour_transform = false;
  if (coc) {
    content.skip((header.samples_per_pixel < 257 ? 1U : 2U) + 5U);
  } else {
    content.skip(4);
    colour_transform = content.take<std::uint8_t>() != 0;
    content.skip(4);
  }
  if (content.take<std::uint8_t>() != 1 && header.syntax->lossless) {
    content.refuse("is not reversible where the transfer syntax says lossless");
  }
  return colour_transform;
}

// From the SOT marker to the end of the tile-part, which may be that of the stream before EOC.
// Returns the tile's number.
std::int64_t skip_tile_part(StreamReader& reader) {
  const std::size_t available = reader.left() + 2;  // with the marker
  StreamReader content = reader.segment();
  const std::int64_t tile = content.take<std::uint16_t>();
  const std::size_t length = content.take<std::uint32_t>();
  content.skip(2);
  constexpr std::size_t kHead = 12;
  if (length == 0) reader.refuse("has a tile-part that does not say its length");
  if (length < kHead + 2 || length > available) reader.cut();
  StreamReader part = reader.part(length - kHead);
  for (auto marker = part.take<std::uint16_t>(); marker != kSod;
       marker = part.take<std::uint16_t>()) {
    if (marker == kCod || marker == kCoc) part.refuse("changes its coding style within a tile");
    part.segment();
  }
  return tile;
}

// The transform makes RGB of what YBR_RCT and YBR_ICT stand for, and belongs to no other YBR.
// Files that say RGB and have it are common, and as clear.
void check_colour_transform(const StreamReader& reader, const DicomHeader& header, bool transform) {
  const bool component = header.photometric == "YBR_RCT" || header.photometric == "YBR_ICT";
  if (transform ? component || header.photometric == "RGB" : !component) return;
  reader.refuse(std::string(transform ? "has a" : "has no") +
                " colour transform where the header says " + header.photometric);
}

// --- RLE

// Unpacks bytes until `count` are written, every `step`-th of `to`.
void unpack_bits(std::span<const std::byte> packed, std::size_t count, std::size_t step,
                 std::byte* to, const StreamReader& reader) {
  std::size_t at = 0;
  std::size_t done = 0;
  while (done < count) {
    if (at == packed.size()) reader.cut();
    const auto control = std::to_integer<std::size_t>(packed[at++]);
    if (control == 128) continue;
    const bool literal = control < 128;
    const std::size_t run = literal ? control + 1 : 257 - control;
    if (run > count - done) reader.refuse("has more bytes in a segment than the frame");
    if ((literal ? run : 1) > packed.size() - at) reader.cut();
    for (std::size_t i = 0; i < run; ++i) to[(done + i) * step] = packed[at + (literal ? i : 0)];
    at += literal ? run : 1;
    done += run;
  }
  // Segments have an even length.
  if (packed.size() - at > 1) {
    reader.refuse("has " + with_thousands(static_cast<std::int64_t>(packed.size() - at)) +
                  " bytes in a segment beyond those of the frame");
  }
}

}  // namespace

void check_stream_size(const StreamReader& reader, const DicomHeader& header, std::int64_t height,
                       std::int64_t width, int components) {
  if (height != header.rows || width != header.columns || components != header.samples_per_pixel) {
    reader.refuse("has " + number(width) + "x" + number(height) + " pixels of " +
                  number(components) + " components, the header says " + number(header.columns) +
                  "x" + number(header.rows) + " of " + number(header.samples_per_pixel));
  }
}

void check_stream_precision(const StreamReader& reader, const DicomHeader& header, int precision) {
  if (precision < header.bits_stored || precision > header.bits_allocated) {
    reader.refuse("has samples of " + number(precision) + " bits, the header says " +
                  number(header.bits_stored) + " stored in " + number(header.bits_allocated));
  }
  if (precision <= header.high_bit) {
    reader.refuse("has samples of " + number(precision) + " bits, the header's high bit is " +
                  number(header.high_bit));
  }
}

StreamInfo check_jpeg2000_stream(std::span<const std::byte> stream, const DicomHeader& header,
                                 std::string_view where) {
  StreamReader reader(stream, "JPEG 2000", where);
  if (reader.take<std::uint16_t>() != kSoc || reader.take<std::uint16_t>() != kSiz) {
    reader.refuse("does not start as one");
  }
  Siz siz = read_siz(reader.segment(), header);
  std::vector<bool> seen(static_cast<std::size_t>(siz.tiles), false);
  bool coding_style = false;
  for (;;) {
    const std::uint16_t marker = reader.take<std::uint16_t>();
    if (marker == kEoc) break;
    if (marker == kSot) {
      const std::int64_t tile = skip_tile_part(reader);
      if (tile >= siz.tiles) reader.refuse("has a tile beyond its size");
      seen[static_cast<std::size_t>(tile)] = true;
      continue;
    }
    if (marker < 0xFF50 || marker > 0xFF6F || marker == kSiz) {
      reader.refuse("has a marker that does not belong there");
    }
    const StreamReader content = reader.segment();
    if (marker == kCoc) read_coding_style(content, true, header);
    if (marker == kCod) {
      if (coding_style) reader.refuse("has two coding styles");
      coding_style = true;
      siz.info.colour_transform = read_coding_style(content, false, header);
    }
  }
  if (!coding_style || std::find(seen.begin(), seen.end(), false) != seen.end()) {
    reader.refuse("is not complete: tiles or the coding style are missing");
  }
  check_colour_transform(reader, header, siz.info.colour_transform);
  reader.finish();
  siz.info.size = reader.position();
  return siz.info;
}

std::vector<std::byte> decode_rle_stream(std::span<const std::byte> stream,
                                         const DicomHeader& header, std::string_view where) {
  constexpr std::size_t kHead = 64;
  const StreamReader reader(stream, "RLE", where);
  if (stream.size() < kHead) reader.cut();
  const auto word = [&](std::size_t i) -> std::size_t {
    return load_little<std::uint32_t>(stream.data() + 4 * i);
  };
  const auto bytes = static_cast<std::size_t>(header.bits_allocated / 8);
  const std::size_t segments = bytes * static_cast<std::size_t>(header.samples_per_pixel);
  if (word(0) != segments) {
    reader.refuse("has " + number(static_cast<std::int64_t>(word(0))) + " segments, not " +
                  number(static_cast<std::int64_t>(segments)));
  }
  const auto pixels = static_cast<std::size_t>(header.rows * header.columns);
  // At most 128 bytes come out of two: a size that cannot be filled costs no memory.
  if (pixels / 64 > stream.size()) reader.cut();
  std::vector<std::byte> frame(pixels * segments);
  for (std::size_t i = 0; i < segments; ++i) {
    const std::size_t begin = word(1 + i);
    const std::size_t end = i + 1 < segments ? word(2 + i) : stream.size();
    if (begin < kHead || begin > end || end > stream.size() || (i == 0 && begin != kHead)) {
      reader.refuse("has segments that do not follow each other");
    }
    // Segment i is byte i % bytes of sample i / bytes, the highest byte first.
    const std::size_t offset = i / bytes * bytes + (bytes - 1 - i % bytes);
    unpack_bits(stream.subspan(begin, end - begin), pixels, segments, frame.data() + offset,
                reader);
  }
  return frame;
}

}  // namespace apatite::image
