// JPEG and JPEG-LS streams.
#include "image/dicom/pixels/dicom_stream.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "image/dicom/pixels/dicom_stream_reader.h"

namespace apatite::image {
namespace {

std::string number(std::int64_t value) { return to_text(value); }

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

bool is_dct(const DicomHeader& header) {
  return header.syntax->codec == DicomCodec::kJpeg && !header.syntax->lossless;
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

// Returns the components' identifiers as a text.
std::string read_sof(StreamReader content, const DicomHeader& header, StreamInfo& info) {
  info.precision = content.take<std::uint8_t>();
  info.is_signed = header.is_signed;
  const std::int64_t height = content.take<std::uint16_t>();
  const std::int64_t width = content.take<std::uint16_t>();
  const int components = content.take<std::uint8_t>();
  check_stream_size(content, header, height, width, components);
  check_stream_precision(content, header, info.precision);
  if (is_dct(header) && info.precision != 8 && info.precision != 12) {
    content.refuse("has samples of " + number(info.precision) + " bits, which no DCT codes");
  }
  std::string identifiers;
  for (int i = 0; i < components; ++i) {
    identifiers += static_cast<char>(content.take<std::uint8_t>());
    content.skip(2);
  }
  return identifiers;
}

// Whether three components are RGB, as libjpeg decides it: by the marker of JFIF (which knows no
// RGB), by Adobe's (whose last byte is 0 for RGB), by their identifiers.
class StreamColours {
 public:
  void note(std::uint8_t marker, const StreamReader& content) {
    const std::string_view text = as_text(content.rest());
    if (marker == 0xE0 && text.starts_with(std::string_view("JFIF\0", 5))) jfif_ = true;
    if (marker == 0xEE && text.starts_with("Adobe") && text.size() >= 12) adobe_ = text[11];
  }
  [[nodiscard]] bool are_rgb(std::string_view identifiers) const {
    if (jfif_) return false;
    return adobe_ ? *adobe_ == 0 : identifiers == "RGB";
  }

 private:
  bool jfif_ = false;
  std::optional<char> adobe_;
};

// Where colours are coded with loss they are rarely RGB, and not all readers believe the header.
void check_colours(const StreamReader& reader, const DicomHeader& header, bool rgb) {
  if (rgb == (header.photometric == "RGB")) return;
  reader.refuse(std::string("has ") + (rgb ? "RGB" : "YCbCr") + " colours, the header says " +
                header.photometric);
}

// A sample of the lossless process takes at least one bit, one block of 64 of the others too: what
// cannot be there costs no memory. Runs of JPEG-LS take less.
void check_fill(const StreamReader& reader, const DicomHeader& header, std::size_t bytes) {
  if (header.syntax->codec == DicomCodec::kJpegLs) return;
  const std::int64_t units = is_dct(header) ? (header.rows + 7) / 8 * ((header.columns + 7) / 8)
                                            : header.rows * header.columns;
  if (units > 8 * static_cast<std::int64_t>(bytes)) reader.cut();
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

}  // namespace

StreamInfo check_jpeg_stream(std::span<const std::byte> stream, const DicomHeader& header,
                             std::string_view where) {
  const bool jpeg_ls = header.syntax->codec == DicomCodec::kJpegLs;
  StreamReader reader(stream, jpeg_ls ? "JPEG-LS" : "JPEG", where);
  if (take_marker(reader) != kSoi) reader.refuse("does not start as one");
  std::optional<StreamInfo> info;
  std::string identifiers;
  StreamColours colours;
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
      identifiers = read_sof(content, header, info.emplace());
    } else if (marker == kSos) {
      if (!info) reader.refuse("has a scan before its frame");
      scanned += read_sos(content, header);
      skip_entropy_coded(reader, jpeg_ls);
    } else {
      colours.note(marker, content);
    }
  }
  if (!info || scanned != header.samples_per_pixel) {
    reader.refuse("has scans of " + number(scanned) + " components, not of " +
                  number(header.samples_per_pixel));
  }
  if (is_dct(header) && !header.is_grey()) {
    check_colours(reader, header, colours.are_rgb(identifiers));
  }
  check_fill(reader, header, stream.size());
  reader.finish();
  info->size = reader.position();
  return *info;
}

}  // namespace apatite::image
