#include "image/dicom/pixels/dicom_frame.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/dicom/pixels/dicom_stream.h"
#include "image/dicom/pixels/gdcm_codec.h"

namespace apatite::image {
namespace {

constexpr DicomTag kPixelData = 0x7FE00010;
constexpr DicomTag kExtendedOffsets = 0x7FE00001;

using Bytes = std::span<const std::byte>;

std::string count(std::size_t value) { return with_thousands(static_cast<std::int64_t>(value)); }

void append(std::vector<std::byte>& to, Bytes from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Where every frame begins, in bytes from the first fragment's item tag: the extended offset table
// or, if there is none, the basic one. Empty if neither says.
std::vector<std::uint64_t> offset_table(const DicomFile& file, Bytes basic) {
  std::vector<std::uint64_t> offsets;
  if (const DicomElement* extended = file.data.find(kExtendedOffsets); extended != nullptr) {
    for (std::size_t i = 0; i + 8 <= extended->value.size(); i += 8) {
      offsets.push_back(load_little<std::uint64_t>(extended->value.data() + i));
    }
    return offsets;
  }
  for (std::size_t i = 0; i + 4 <= basic.size(); i += 4) {
    offsets.push_back(load_little<std::uint32_t>(basic.data() + i));
  }
  return offsets;
}

// The same samples one pixel after the other.
std::vector<std::byte> interleave(Bytes planes, std::size_t samples, std::size_t sample_bytes) {
  std::vector<std::byte> frame(planes.size());
  const std::size_t pixels = planes.size() / samples / sample_bytes;
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t i = 0; i < pixels * sample_bytes; ++i) {
      frame[(i / sample_bytes * samples + s) * sample_bytes + i % sample_bytes] =
          planes[s * pixels * sample_bytes + i];
    }
  }
  return frame;
}

// YBR_FULL_422 as it is stored uncompressed: Y Y Cb Cr for two pixels side by side.
std::vector<std::byte> expand_422(Bytes pairs) {
  std::vector<std::byte> frame;
  frame.reserve(pairs.size() / 4 * 6);
  for (std::size_t i = 0; i + 4 <= pairs.size(); i += 4) {
    for (const std::size_t y : {i, i + 1}) {
      frame.insert(frame.end(), {pairs[y], pairs[i + 2], pairs[i + 3]});
    }
  }
  return frame;
}

std::vector<std::byte> swap_pairs(Bytes bytes) {
  std::vector<std::byte> swapped(bytes.begin(), bytes.end());
  for (std::size_t i = 0; i + 2 <= swapped.size(); i += 2) std::swap(swapped[i], swapped[i + 1]);
  return swapped;
}

DicomFrame native_frame(const DicomFile& file, const DicomHeader& header, std::int64_t frame,
                        std::string_view where) {
  const DicomElement& element = *file.data.find(kPixelData);
  const bool halved = header.photometric == "YBR_FULL_422";
  if (halved && (header.planar || header.bits_allocated != 8 || header.columns % 2 != 0)) {
    file.data.refuse("is YBR_FULL_422 of an odd width, 16 bits or separate planes",
                     "the header is damaged");
  }
  const std::size_t size = halved ? header.frame_bytes() / 3 * 2 : header.frame_bytes();
  const std::size_t all = size * static_cast<std::size_t>(header.frames);
  if (element.value.size() != all + all % 2) {
    throw Error(
        ErrorKind::kBadFile, where,
        "has " + count(element.value.size()) + " bytes of pixels where its header says " +
            count(all + all % 2),
        element.value.size() < all ? "it is cut short" : "the header or the pixels are damaged");
  }
  DicomFrame result;
  result.bytes = element.value.subspan(size * static_cast<std::size_t>(frame - 1), size);
  const auto own = [&](std::vector<std::byte> bytes) {
    result.owned = std::move(bytes);
    result.bytes = result.owned;
  };
  // Words of 16 bits, also where each holds two samples of 8 (PS3.5 8.1.1).
  if (file.data.encoding().big_endian && (header.bits_allocated == 16 || element.vr == "OW")) {
    if (size % 2 != 0) file.data.refuse("has frames that do not fill words", "store it otherwise");
    own(swap_pairs(result.bytes));
  }
  if (halved) own(expand_422(result.bytes));
  if (header.planar) {
    own(interleave(result.bytes, static_cast<std::size_t>(header.samples_per_pixel),
                   static_cast<std::size_t>(header.bits_allocated / 8)));
  }
  return result;
}

// Samples of 8 bits in the low half of words.
std::vector<std::byte> widen(const std::vector<std::byte>& samples) {
  std::vector<std::byte> words(2 * samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) words[2 * i] = samples[i];
  return words;
}

// Loss can carry a sample beyond the bits that are stored, where the stream has more of them:
// without those it would be black where it was white.
void check_range(const std::vector<std::byte>& samples, const StreamInfo& info,
                 const DicomHeader& header, std::string_view where) {
  const std::size_t step = info.precision > 8 ? 2 : 1;
  for (std::size_t i = 0; i < samples.size(); i += step) {
    std::int64_t value = step == 2 ? load_little<std::uint16_t>(samples.data() + i)
                                   : std::to_integer<std::uint8_t>(samples[i]);
    const std::int64_t range = std::int64_t{1} << info.precision;
    value %= range;
    if (info.is_signed && value >= range / 2) value -= range;
    if (value >= header.least_stored() && value <= header.greatest_stored()) continue;
    throw Error(ErrorKind::kBadFile, where,
                "has the pixel " + to_text(value) + ", which its " +
                    to_text(std::int64_t{header.bits_stored}) + " bits stored cannot hold",
                "the header is damaged");
  }
}

}  // namespace

std::vector<std::byte> dicom_frame_stream(const DicomFile& file, const DicomHeader& header,
                                          std::int64_t frame, std::string_view where) {
  const DicomElement& element = *file.data.find(kPixelData);
  if (!element.undefined_length) {
    file.data.refuse("says that it is compressed (" + std::string(header.syntax->name) +
                         "), but its pixels are not in fragments",
                     "its transfer syntax is not the one that it states");
  }
  const auto parts = dicom_fragments(element.value, where);
  if (parts.size() < 2) file.data.refuse("has no fragment in its pixel data");
  const std::span fragments(parts.begin() + 1, parts.end());
  std::vector<std::byte> stream;
  const auto frames = static_cast<std::size_t>(header.frames);
  const auto index = static_cast<std::size_t>(frame - 1);
  if (frames == 1) {
    for (const Bytes fragment : fragments) append(stream, fragment);
    return stream;
  }
  if (fragments.size() == frames) {
    append(stream, fragments[index]);
    return stream;
  }
  const auto offsets = offset_table(file, parts[0]);
  if (offsets.size() != frames) {
    file.data.refuse("has " + count(frames) + " frames in " + count(fragments.size()) +
                         " fragments and no table of where each begins",
                     "convert it to an uncompressed transfer syntax");
  }
  bool begins = false;
  for (const Bytes fragment : fragments) {
    // Of the item's head, which is 8 bytes, from the first one's.
    const auto at = static_cast<std::uint64_t>(fragment.data() - fragments[0].data());
    if (at == offsets[index]) begins = true;
    if (index + 1 < frames && at >= offsets[index + 1]) break;
    if (begins) append(stream, fragment);
  }
  if (stream.empty()) file.data.refuse("has a table of frames that fits no fragment");
  return stream;
}

DicomFrame decode_dicom_frame(const DicomFile& file, const DicomHeader& header, std::int64_t frame,
                              std::string_view where) {
  const DicomCodec codec = header.syntax->codec;
  if (codec == DicomCodec::kNone) {
    if (file.data.find(kPixelData)->undefined_length) {
      file.data.refuse("says that it is not compressed, but its pixels are in fragments",
                       "its transfer syntax is not the one that it states");
    }
    return native_frame(file, header, frame, where);
  }
  const std::vector<std::byte> stream = dicom_frame_stream(file, header, frame, where);
  DicomFrame result;
  if (codec == DicomCodec::kRle) {
    result.owned = decode_rle_stream(stream, header, where);
  } else {
    const StreamInfo info = codec == DicomCodec::kJpeg2000
                                ? check_jpeg2000_stream(stream, header, where)
                                : check_jpeg_stream(stream, header, where);
    result.owned = decode_with_gdcm(Bytes(stream).first(info.size), info, header, where);
    if (!header.syntax->lossless && info.precision > header.bits_stored) {
      check_range(result.owned, info, header, where);
    }
    if (info.precision <= 8 && header.bits_allocated == 16) result.owned = widen(result.owned);
  }
  result.bytes = result.owned;
  if (result.bytes.size() != header.frame_bytes()) {
    throw Error(ErrorKind::kInternal, where, "a frame of another size than its header's");
  }
  return result;
}

}  // namespace apatite::image
