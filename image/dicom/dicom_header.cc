#include "image/dicom/dicom_header.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/pixels/image.h"

namespace apatite::image {
namespace {

constexpr std::array kSyntaxes{
    DicomTransferSyntax{"1.2.840.10008.1.2", "Implicit VR Little Endian", DicomCodec::kNone, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.1", "Explicit VR Little Endian", DicomCodec::kNone,
                        true},
    DicomTransferSyntax{"1.2.840.10008.1.2.2", "Explicit VR Big Endian", DicomCodec::kNone, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.5", "RLE Lossless", DicomCodec::kRle, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.50", "JPEG Baseline", DicomCodec::kJpeg, false},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.51", "JPEG Extended", DicomCodec::kJpeg, false},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.57", "JPEG Lossless", DicomCodec::kJpeg, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.70", "JPEG Lossless, first-order prediction",
                        DicomCodec::kJpeg, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", DicomCodec::kJpegLs, true},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", DicomCodec::kJpegLs,
                        false},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", DicomCodec::kJpeg2000,
                        true},
    DicomTransferSyntax{"1.2.840.10008.1.2.4.91", "JPEG 2000", DicomCodec::kJpeg2000, false},
};

// Looks for an element in the data set, then, for enhanced files, in what they say of one frame and
// of all frames (PS3.3 C.7.6.16): inside a sequence of one item within the functional groups.
class Lookup {
 public:
  Lookup(const DicomDataSet& data, std::int64_t frame) : data_(data) {
    constexpr DicomTag kPerFrame = 0x52009230;
    constexpr DicomTag kShared = 0x52009229;
    if (data.find(kPerFrame) != nullptr) {
      auto frames = data.items(kPerFrame);
      const auto index = static_cast<std::size_t>(frame - 1);
      if (index >= frames.size()) data.refuse("does not describe frame " + to_text(frame));
      groups_.push_back(std::move(frames[index]));
    }
    for (DicomDataSet& item : data.items(kShared)) groups_.push_back(std::move(item));
  }

  // The data set that holds `tag`: the file's own, or the item of `sequence` in a group.
  [[nodiscard]] DicomDataSet holder(DicomTag sequence, DicomTag tag) const {
    if (data_.find(tag) != nullptr) return data_;
    for (const DicomDataSet& group : groups_) {
      for (DicomDataSet& item : group.items(sequence)) {
        if (item.find(tag) != nullptr) return std::move(item);
      }
    }
    return {};
  }
  [[noreturn]] void refuse(std::string_view what, std::string_view remedy = {}) const {
    data_.refuse(what, remedy);
  }

 private:
  const DicomDataSet& data_;
  std::vector<DicomDataSet> groups_;
};

std::int64_t required_word(const DicomDataSet& data, DicomTag tag, std::string_view name) {
  const auto value = data.word(tag);
  if (!value) data.refuse("has no " + std::string(name) + " " + tag_text(tag));
  return *value;
}

// A raw 16-bit word as US or, if `is_signed`, as SS.
std::int64_t as_stored(std::uint16_t word, bool is_signed) {
  return is_signed ? std::int64_t{static_cast<std::int16_t>(word)} : std::int64_t{word};
}

void read_sizes(const DicomDataSet& data, std::string_view where, DicomHeader& header) {
  header.rows = required_word(data, 0x00280010, "Rows");
  header.columns = required_word(data, 0x00280011, "Columns");
  check_image_size(header.rows, header.columns, where);
  header.frames = data.integer_text(0x00280008).value_or(1);
  if (header.frames < 1 || header.frames > 1'000'000) {
    data.refuse("has the impossible number of frames " + to_text(header.frames));
  }
}

void read_bits(const DicomDataSet& data, DicomHeader& header) {
  header.bits_allocated = static_cast<int>(required_word(data, 0x00280100, "Bits Allocated"));
  header.bits_stored = static_cast<int>(required_word(data, 0x00280101, "Bits Stored"));
  header.high_bit = static_cast<int>(required_word(data, 0x00280102, "High Bit"));
  const std::int64_t representation = required_word(data, 0x00280103, "Pixel Representation");
  const auto number = [](int value) { return to_text(std::int64_t{value}); };
  if (header.bits_allocated != 8 && header.bits_allocated != 16) {
    data.refuse("has " + number(header.bits_allocated) + " bits allocated", "8 and 16 are read");
  }
  if (header.bits_stored < 1 || header.bits_stored > header.bits_allocated ||
      header.high_bit < header.bits_stored - 1 || header.high_bit >= header.bits_allocated) {
    data.refuse("has " + number(header.bits_stored) + " bits stored up to bit " +
                    number(header.high_bit) + " of " + number(header.bits_allocated),
                "the header is damaged");
  }
  if (representation > 1) {
    data.refuse("has the unknown pixel representation " + to_text(representation));
  }
  header.is_signed = representation == 1;
  if (header.syntax->lossless) return;
  if (header.high_bit != header.bits_stored - 1) {
    data.refuse("is compressed with loss and keeps its pixels in the high bits",
                "the header is damaged");
  }
  if (header.is_signed && header.syntax->codec == DicomCodec::kJpeg) {
    data.refuse("has signed pixels in the transfer syntax " + std::string(header.syntax->name),
                "that is defined for unsigned ones (PS3.5 8.2.1)");
  }
}

void read_colours(const DicomDataSet& data, DicomHeader& header) {
  header.samples_per_pixel = static_cast<int>(required_word(data, 0x00280002, "Samples per Pixel"));
  header.photometric = data.string(0x00280004);
  constexpr std::array<std::string_view, 2> kGrey{"MONOCHROME1", "MONOCHROME2"};
  constexpr std::array<std::string_view, 5> kColour{"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT",
                                                    "YBR_ICT"};
  const auto contains = [&](const auto& list) {
    return std::find(list.begin(), list.end(), header.photometric) != list.end();
  };
  const bool grey = contains(kGrey);
  if (!grey && !contains(kColour)) {
    data.refuse("has the photometric interpretation " + quote(header.photometric, 40),
                "MONOCHROME1, MONOCHROME2, RGB, YBR_FULL, YBR_FULL_422, YBR_RCT and YBR_ICT are "
                "read");
  }
  if (header.samples_per_pixel != (grey ? 1 : 3)) {
    data.refuse("has " + to_text(std::int64_t{header.samples_per_pixel}) +
                    " samples per pixel and is " + header.photometric,
                "the header is damaged");
  }
  if (grey) return;
  const std::uint16_t planar = data.word(0x00280006).value_or(0);
  if (planar > 1)
    data.refuse("has the unknown planar configuration " + to_text(std::int64_t{planar}));
  header.planar = planar == 1;
  if (header.is_signed || header.bits_stored != header.bits_allocated) {
    data.refuse("has colours that are signed or do not fill their bits", "those are not read");
  }
  const bool component = header.photometric == "YBR_RCT" || header.photometric == "YBR_ICT";
  if (component && header.syntax->codec != DicomCodec::kJpeg2000) {
    data.refuse(
        "is " + header.photometric + " in the transfer syntax " + std::string(header.syntax->name),
        "that is defined for JPEG 2000 only");
  }
}

DicomLut read_lut(const DicomDataSet& item, bool signed_input) {
  const auto descriptor = item.words(0x00283002);
  if (descriptor.size() != 3) item.refuse("has a lookup table without its descriptor (0028,3002)");
  DicomLut lut;
  lut.first = as_stored(descriptor[1], signed_input);
  lut.bits = descriptor[2];
  lut.explanation = item.string(0x00283003);
  const std::size_t entries = descriptor[0] == 0 ? 65'536 : descriptor[0];
  if (lut.bits < 8 || lut.bits > 16) {
    item.refuse("has a lookup table of " + to_text(std::int64_t{lut.bits}) + " bits",
                "8 to 16 are read");
  }
  const DicomElement* data = item.find(0x00283006);
  if (data == nullptr) item.refuse("has a lookup table without data (0028,3006)");
  // 8-bit entries may come one a byte (PS3.3 C.11.1.1.1).
  if (lut.bits == 8 && data->value.size() == entries + entries % 2 && entries > 1) {
    for (std::size_t i = 0; i < entries; ++i) {
      lut.table.push_back(std::to_integer<std::uint16_t>(data->value[i]));
    }
    return lut;
  }
  lut.table = item.words(0x00283006);
  if (lut.table.size() != entries) {
    item.refuse("has a lookup table of " + to_text(static_cast<std::int64_t>(lut.table.size())) +
                " entries where " + to_text(static_cast<std::int64_t>(entries)) + " are announced");
  }
  const std::uint32_t most = (1U << static_cast<unsigned>(lut.bits)) - 1;
  if (std::any_of(lut.table.begin(), lut.table.end(), [&](auto value) { return value > most; })) {
    item.refuse("has a lookup table whose entries exceed its " + to_text(std::int64_t{lut.bits}) +
                " bits");
  }
  return lut;
}

void read_modality(const Lookup& lookup, DicomHeader& header) {
  constexpr DicomTag kTransformation = 0x00289145;
  constexpr DicomTag kLuts = 0x00283000;
  const DicomDataSet luts = lookup.holder(kTransformation, kLuts);
  if (const auto items = luts.items(kLuts); !items.empty()) {
    if (items.size() > 1) lookup.refuse("has several modality LUTs");
    header.modality_lut = read_lut(items[0], header.is_signed);
  }
  const auto number = [&](DicomTag tag) -> std::optional<double> {
    const DicomDataSet data = lookup.holder(kTransformation, tag);
    const auto values = data.decimals(tag);
    if (values.size() > 1) lookup.refuse("has several values in " + tag_text(tag));
    return values.empty() ? std::nullopt : std::optional(values[0]);
  };
  header.intercept = number(0x00281052);
  header.slope = number(0x00281053);
  if (header.intercept.has_value() != header.slope.has_value()) {
    lookup.refuse("has only one of Rescale Intercept and Rescale Slope");
  }
  if (header.slope == 0.0) lookup.refuse("has the Rescale Slope 0", "the header is damaged");
  if (header.slope && header.modality_lut) {
    lookup.refuse("has both a rescale slope and a modality LUT", "only one of them can be right");
  }
}

void read_windows(const Lookup& lookup, DicomHeader& header) {
  constexpr DicomTag kVoi = 0x00289132;
  const DicomDataSet data = lookup.holder(kVoi, 0x00281050);
  const auto centers = data.decimals(0x00281050);
  const auto widths = data.decimals(0x00281051);
  if (centers.size() != widths.size()) {
    lookup.refuse("has " + to_text(static_cast<std::int64_t>(centers.size())) +
                      " window centers and " + to_text(static_cast<std::int64_t>(widths.size())) +
                      " widths",
                  "the header is damaged");
  }
  const auto explanations = data.strings(0x00281055);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    header.windows.push_back(
        {centers[i], widths[i], i < explanations.size() ? explanations[i] : std::string()});
  }
  const std::string function = data.string(0x00281056);
  if (function == "SIGMOID") {
    header.function = VoiFunction::kSigmoid;
  } else if (function == "LINEAR_EXACT") {
    header.function = VoiFunction::kLinearExact;
  } else if (!function.empty() && function != "LINEAR") {
    lookup.refuse("has the unknown VOI LUT function " + quote(function, 40));
  }
}

void read_voi(const DicomDataSet& data, const Lookup& lookup, DicomHeader& header) {
  read_windows(lookup, header);
  // The input of a VOI LUT is signed if modality values can be (PS3.3 C.11.2.1.1).
  bool signed_input = header.is_signed;
  if (header.modality_lut) signed_input = false;
  if (header.slope) {
    const double low = *header.slope * static_cast<double>(header.least_stored());
    const double high = *header.slope * static_cast<double>(header.greatest_stored());
    signed_input = std::min(low, high) + *header.intercept < 0;
  }
  for (const DicomDataSet& item : data.items(0x00283010)) {
    header.voi_luts.push_back(read_lut(item, signed_input));
  }
  header.presentation_shape = data.string(0x20500020);
  if (!header.presentation_shape.empty() && header.presentation_shape != "IDENTITY" &&
      header.presentation_shape != "INVERSE") {
    data.refuse("has the unknown Presentation LUT Shape " + quote(header.presentation_shape, 40));
  }
}

void read_padding(const DicomDataSet& data, DicomHeader& header) {
  const auto value = data.word(0x00280120);
  const auto limit = data.word(0x00280121);
  if (!value) {
    if (limit) data.refuse("has a Pixel Padding Range Limit without a Pixel Padding Value");
    return;
  }
  header.padding = as_stored(*value, header.is_signed);
  if (limit) header.padding_limit = as_stored(*limit, header.is_signed);
}

const DicomTransferSyntax& find_syntax(const std::string& uid, std::string_view where) {
  const auto at =
      std::find_if(kSyntaxes.begin(), kSyntaxes.end(),
                   [&](const DicomTransferSyntax& syntax) { return syntax.uid == uid; });
  if (at != kSyntaxes.end()) return *at;
  throw Error(ErrorKind::kBadFile, where,
              "has the transfer syntax " + quote(uid, 64) + ", which is not read",
              "convert it to an uncompressed one");
}

}  // namespace

std::size_t DicomHeader::frame_bytes() const {
  return static_cast<std::size_t>(rows * columns * samples_per_pixel * (bits_allocated / 8));
}

DicomHeader read_dicom_header(const DicomFile& file, std::optional<std::int64_t> frame,
                              std::string_view where) {
  const DicomDataSet& data = file.data;
  DicomHeader header;
  header.syntax = &find_syntax(file.transfer_syntax, where);
  if (data.find(0x7FE00008) != nullptr || data.find(0x7FE00009) != nullptr) {
    data.refuse("has floating-point pixels", "those are not read");
  }
  if (data.find(0x7FE00010) == nullptr) data.refuse("has no pixels (7FE0,0010)");
  read_sizes(data, where, header);
  read_bits(data, header);
  read_colours(data, header);
  if (!frame && header.frames > 1) {
    data.refuse("has " + to_text(header.frames) + " frames",
                "name one in the recipe: \"dicom\": {\"frame\": 1}");
  }
  if (frame && *frame > header.frames) {
    data.refuse("has " + to_text(header.frames) + " frames where the recipe names frame " +
                to_text(*frame));
  }
  if (!header.is_grey()) return header;
  const Lookup lookup(data, frame.value_or(1));
  read_modality(lookup, header);
  read_voi(data, lookup, header);
  read_padding(data, header);
  return header;
}

}  // namespace apatite::image
