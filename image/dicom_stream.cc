#include "image/dicom_stream.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

namespace apatite {
namespace {

// Reads big-endian integers of one stream and refuses with its name.
class StreamReader {
 public:
  StreamReader(std::span<const std::byte> bytes, std::string_view name, std::string_view where)
      : bytes_(bytes), name_(name), where_(where) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::uint8_t peek(std::size_t offset) const {
    return std::to_integer<std::uint8_t>(bytes_[at_ + offset]);
  }
  void skip(std::size_t size) {
    if (size > left()) cut();
    at_ += size;
  }
  template <class T>
  T take() {
    if (sizeof(T) > left()) cut();
    const T value = load_big<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }
  // The content of a marker segment: a length of 16 bits that counts itself, then the rest.
  StreamReader segment() {
    const std::size_t length = take<std::uint16_t>();
    if (length < 2) refuse("has a segment of impossible length");
    const std::size_t begin = at_;
    skip(length - 2);
    return {bytes_.subspan(begin, length - 2), name_, where_};
  }
  // Nothing but padding may follow: zeros, or one byte of any value that makes the length even.
  void finish() const {
    const auto rest = bytes_.subspan(at_);
    if (rest.size() == 1 && bytes_.size() % 2 == 0) return;
    if (std::any_of(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; })) {
      refuse("is followed by " + with_thousands(static_cast<std::int64_t>(rest.size())) +
             " bytes that are no padding");
    }
  }

  [[noreturn]] void cut() const { refuse("is cut short"); }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, "its " + name_ + " stream " + what,
                "it is damaged, or its transfer syntax is not the one that it states");
  }

 private:
  std::span<const std::byte> bytes_;
  std::string name_;
  std::string where_;
  std::size_t at_ = 0;
};

std::string number(std::int64_t value) { return to_text(value); }

void check_size(const StreamReader& reader, const DicomHeader& header, std::int64_t height,
                std::int64_t width, int components) {
  if (height != header.rows || width != header.columns || components != header.samples_per_pixel) {
    reader.refuse("has " + number(width) + "x" + number(height) + " pixels of " +
                  number(components) + " components, the header says " + number(header.columns) +
                  "x" + number(header.rows) + " of " + number(header.samples_per_pixel));
  }
}

void check_precision(const StreamReader& reader, const DicomHeader& header, int precision) {
  if (precision < header.bits_stored || precision > header.bits_allocated) {
    reader.refuse("has samples of " + number(precision) + " bits, the header says " +
                  number(header.bits_stored) + " stored in " + number(header.bits_allocated));
  }
  if (precision <= header.high_bit) {
    reader.refuse("has samples of " + number(precision) + " bits, the header's high bit is " +
                  number(header.high_bit));
  }
}

// --- JPEG and JPEG-LS

constexpr std::uint8_t kSoi = 0xD8;
constexpr std::uint8_t kEoi = 0xD9;
constexpr std::uint8_t kSos = 0xDA;
constexpr std::uint8_t kDnl = 0xDC;
constexpr std::uint8_t kSofBaseline = 0xC0;
constexpr std::uint8_t kSofExtended = 0xC1;
constexpr std::uint8_t kSofLossless = 0xC3;
constexpr std::uint8_t kSofJpegLs = 0xF7;

bool is_sof(std::uint8_t marker) {
  // C4, C8 and CC are tables and an extension.
  return marker == kSofJpegLs ||
         (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC);
}

bool fits_syntax(std::uint8_t sof, std::string_view uid) {
  if (uid.ends_with(".4.50")) return sof == kSofBaseline;
  if (uid.ends_with(".4.51")) return sof == kSofBaseline || sof == kSofExtended;
  if (uid.ends_with(".4.57") || uid.ends_with(".4.70")) return sof == kSofLossless;
  return sof == kSofJpegLs;  // 80, 81
}

std::uint8_t take_marker(StreamReader& reader) {
  if (reader.take<std::uint8_t>() != 0xFF) reader.refuse("has no marker where one should be");
  std::uint8_t marker = 0xFF;
  while (marker == 0xFF) marker = reader.take<std::uint8_t>();  // fill bytes
  return marker;
}

// Passes over entropy-coded data to the next marker that is no restart. In JPEG a byte FF of data
// is followed by 00, in JPEG-LS by a byte below 80.
void skip_entropy_coded(StreamReader& reader, bool jpeg_ls) {
  for (;;) {
    if (reader.left() < 2) reader.cut();
    if (reader.peek(0) != 0xFF) {
      reader.skip(1);
      continue;
    }
    const std::uint8_t next = reader.peek(1);
    const bool restart = next >= 0xD0 && next <= 0xD7;
    const bool data = jpeg_ls ? next < 0x80 : next == 0;
    if (next == 0xFF) {
      reader.skip(1);
    } else if (restart || data) {
      reader.skip(2);
    } else {
      return;
    }
  }
}

StreamInfo read_sof(StreamReader content, const DicomHeader& header) {
  const int precision = content.take<std::uint8_t>();
  const std::int64_t height = content.take<std::uint16_t>();
  const std::int64_t width = content.take<std::uint16_t>();
  check_size(content, header, height, width, content.take<std::uint8_t>());
  check_precision(content, header, precision);
  return {0, precision, header.is_signed};
}

// Returns how many components the scan has.
int read_sos(StreamReader content, const DicomHeader& header) {
  const int components = content.take<std::uint8_t>();
  content.skip(2 * static_cast<std::size_t>(components));
  const int first = content.take<std::uint8_t>();  // predictor of JPEG lossless, NEAR of JPEG-LS
  const std::string_view uid = header.syntax->uid;
  if (uid.ends_with(".4.70") && first != 1) {
    content.refuse("uses predictor " + number(first) + " where the transfer syntax says 1");
  }
  if (uid.ends_with(".4.80") && first != 0) {
    content.refuse("is near-lossless where the transfer syntax says lossless");
  }
  return components;
}

// --- JPEG 2000

constexpr std::uint16_t kSoc = 0xFF4F;
constexpr std::uint16_t kSiz = 0xFF51;
constexpr std::uint16_t kCod = 0xFF52;
constexpr std::uint16_t kCoc = 0xFF53;
constexpr std::uint16_t kSot = 0xFF90;
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
  check_size(content, header, y1 - y0, x1 - x0, components);
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
  check_precision(content, header, siz.info.precision);
  if (siz.info.is_signed != header.is_signed) {
    content.refuse(siz.info.is_signed ? "is signed, the header says unsigned"
                                      : "is unsigned, the header says signed");
  }
  return siz;
}

// The wavelet of COD (its own bytes: style, order, layers, colour, levels, block sizes, passes) or
// COC (component, style, levels, ...).
void check_wavelet(StreamReader content, bool coc, const DicomHeader& header) {
  content.skip(coc ? (header.samples_per_pixel < 257 ? 1U : 2U) + 5U : 9U);
  if (content.take<std::uint8_t>() != 1 && header.syntax->lossless) {
    content.refuse("is not reversible where the transfer syntax says lossless");
  }
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
  reader.skip(length - kHead);
  return tile;
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

StreamInfo check_jpeg_stream(std::span<const std::byte> stream, const DicomHeader& header,
                             std::string_view where) {
  const bool jpeg_ls = header.syntax->codec == DicomCodec::kJpegLs;
  StreamReader reader(stream, jpeg_ls ? "JPEG-LS" : "JPEG", where);
  if (take_marker(reader) != kSoi) reader.refuse("does not start as one");
  std::optional<StreamInfo> info;
  int scanned = 0;
  for (;;) {
    const std::uint8_t marker = take_marker(reader);
    if (marker == kEoi) break;
    if (marker == kSoi || marker == kDnl || (marker >= 0xD0 && marker <= 0xD7) || marker < 0xC0) {
      reader.refuse("has a marker that does not belong there");
    }
    const StreamReader content = reader.segment();
    if (is_sof(marker)) {
      if (info) reader.refuse("holds two frames");
      if (!fits_syntax(marker, header.syntax->uid)) {
        reader.refuse("is of another process than " + std::string(header.syntax->name));
      }
      info = read_sof(content, header);
    } else if (marker == kSos) {
      if (!info) reader.refuse("has a scan before its frame");
      scanned += read_sos(content, header);
      skip_entropy_coded(reader, jpeg_ls);
    }
  }
  if (!info || scanned != header.samples_per_pixel) {
    reader.refuse("has scans of " + number(scanned) + " components, not of " +
                  number(header.samples_per_pixel));
  }
  reader.finish();
  info->size = reader.position();
  return *info;
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
    if (marker == kCod || marker == kCoc) check_wavelet(content, marker == kCoc, header);
    coding_style = coding_style || marker == kCod;
  }
  if (!coding_style || std::find(seen.begin(), seen.end(), false) != seen.end()) {
    reader.refuse("is not complete: tiles or the coding style are missing");
  }
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

}  // namespace apatite
