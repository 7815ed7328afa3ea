#include "image/dicom/pixels/dicom.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/dicom/dicom_data_set.h"
#include "image/dicom/dicom_header.h"
#include "image/dicom/pixels/dicom_frame.h"
#include "image/dicom/pixels/dicom_levels.h"

namespace apatite::image {
namespace {

// PS3.3 C.7.6.3.1.2, solved for the colours, in binary64: floor(x + 0.5), kept within 0 and 255.
std::array<std::uint8_t, 3> rgb_from_ybr(double y, double cb, double cr) {
  const auto level = [](double value) {
    return static_cast<std::uint8_t>(std::clamp(std::floor(value + 0.5), 0.0, 255.0));
  };
  const double blue = cb - 128;
  const double red = cr - 128;
  return {level(y + 1.402 * red),
          level(y - 0.114 * 1.772 / 0.587 * blue - 0.299 * 1.402 / 0.587 * red),
          level(y + 1.772 * blue)};
}

template <class From, class To>
Image colour_image(std::span<const std::byte> frame, const DicomHeader& header, bool values,
                   std::string_view where) {
  Image image = make_image<To>(header.rows, header.columns, 3, std::string(where));
  constexpr double kFrom = std::numeric_limits<From>::max();
  constexpr double kTo =
      std::is_integral_v<To> ? static_cast<double>(std::numeric_limits<To>::max()) : 1.0;
  const std::span<To> to = image.values<To>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const double sample = load_little<From>(frame.data() + i * sizeof(From));
    const double value = values ? sample : sample / kFrom * kTo;
    to[i] = static_cast<To>(std::is_integral_v<To> ? std::floor(value + 0.5) : value);
  }
  return image;
}

template <class From>
Image colour_image(std::span<const std::byte> frame, const DicomHeader& header,
                   const DicomOptions& options, std::string_view where) {
  const bool values = std::holds_alternative<RangeValues>(options.range);
  if (!values && !std::holds_alternative<RangeBits>(options.range)) {
    throw Error(ErrorKind::kBadFile, where, "is a colour image, whose range cannot be chosen",
                "let the recipe's \"range\" be \"bits\" or \"values\"");
  }
  if (options.output_bits == 32) return colour_image<From, float>(frame, header, values, where);
  if (options.output_bits == 16) {
    return colour_image<From, std::uint16_t>(frame, header, values, where);
  }
  if (values && sizeof(From) == 2) {
    throw Error(ErrorKind::kBadFile, where, "has 16-bit colours, which do not fit 8 bits",
                "let the recipe's \"output\" be 16");
  }
  return colour_image<From, std::uint8_t>(frame, header, values, where);
}

Image decode_colours(DicomFrame frame, const DicomHeader& header, const DicomOptions& options,
                     std::string_view where) {
  const bool ybr = header.photometric == "YBR_FULL" || header.photometric == "YBR_FULL_422";
  if (header.bits_allocated == 16) {
    if (ybr) {
      throw Error(ErrorKind::kBadFile, where, "is " + header.photometric + " of 16 bits",
                  "that is not read: store it as RGB");
    }
    return colour_image<std::uint16_t>(frame.bytes, header, options, where);
  }
  if (ybr) {
    std::vector<std::byte> rgb(frame.bytes.begin(), frame.bytes.end());
    const auto level = [&](std::size_t i) {
      return static_cast<double>(std::to_integer<int>(rgb[i]));
    };
    for (std::size_t i = 0; i + 3 <= rgb.size(); i += 3) {
      const auto colours = rgb_from_ybr(level(i), level(i + 1), level(i + 2));
      for (std::size_t c = 0; c < 3; ++c) rgb[i + c] = std::byte{colours[c]};
    }
    frame.owned = std::move(rgb);
    frame.bytes = frame.owned;
  }
  return colour_image<std::uint8_t>(frame.bytes, header, options, where);
}

// What a reader wants to know of the file, for people.
ImageFacts facts_of(const DicomHeader& header, std::int64_t frame) {
  const auto number = [](std::int64_t value) { return to_text(value); };
  ImageFacts facts{
      {"format", "DICOM"},
      {"transfer syntax", std::string(header.syntax->name)},
      {"lossless", header.syntax->lossless ? "yes" : "no"},
      {"photometric interpretation", header.photometric},
      {"bits", number(header.bits_stored) + " stored in " + number(header.bits_allocated) +
                   ", high bit " + number(header.high_bit) +
                   (header.is_signed ? ", signed" : ", unsigned")},
      {"frame", number(frame) + " of " + number(header.frames)}};
  for (std::size_t i = 0; i < header.windows.size(); ++i) {
    const DicomWindow& window = header.windows[i];
    facts.emplace_back("window " + number(static_cast<std::int64_t>(i + 1)),
                       "center " + to_text(window.center) + ", width " + to_text(window.width) +
                           (window.explanation.empty() ? "" : " (" + window.explanation + ")"));
  }
  for (std::size_t i = 0; i < header.voi_luts.size(); ++i) {
    const DicomLut& lut = header.voi_luts[i];
    facts.emplace_back("VOI LUT " + number(static_cast<std::int64_t>(i + 1)),
                       number(static_cast<std::int64_t>(lut.table.size())) + " entries of " +
                           number(lut.bits) + " bits" +
                           (lut.explanation.empty() ? "" : " (" + lut.explanation + ")"));
  }
  return facts;
}

void add_facts(const DicomHeader& header, const DicomOptions& options,
               const DicomPipeline& pipeline, ImageFacts& facts) {
  if (!options.apply_modality) {
    facts.emplace_back("modality", "left out");
  } else if (header.modality_lut) {
    facts.emplace_back("modality", "LUT");
  } else if (header.slope) {
    facts.emplace_back("modality", "slope " + to_text(*header.slope) + ", intercept " +
                                       to_text(*header.intercept));
  }
  facts.emplace_back("VOI", pipeline.voi);
  facts.emplace_back("polarity", pipeline.inverted ? "inverted" : "as stored");
  if (header.padding) {
    facts.emplace_back("padding", to_text(*header.padding) + " to " +
                                      to_text(header.padding_limit.value_or(*header.padding)) +
                                      (options.padding_black ? ", made black" : ", kept"));
  }
}

}  // namespace

Image decode_dicom(std::span<const std::byte> file, const DicomOptions& options,
                   std::string_view where) {
  const DicomFile dicom = read_dicom(file, where);
  const DicomHeader header = read_dicom_header(dicom, options.frame, where);
  const std::int64_t frame = options.frame.value_or(1);
  if (!header.is_grey()) {
    Image image =
        decode_colours(decode_dicom_frame(dicom, header, frame, where), header, options, where);
    image.facts = facts_of(header, frame);
    return image;
  }
  // What the recipe cannot do with this file is refused before its pixels are decoded.
  const DicomPipeline pipeline = dicom_pipeline(header, options, where);
  const DicomFrame pixels = decode_dicom_frame(dicom, header, frame, where);
  Image image = apply_dicom_pipeline(pipeline, pixels.bytes, header, options, where);
  image.facts = facts_of(header, frame);
  add_facts(header, options, pipeline, image.facts);
  return image;
}

}  // namespace apatite::image
