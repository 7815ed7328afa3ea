#include "image/codec/decode.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "image/codec/jpeg.h"
#include "image/codec/npy.h"
#include "image/codec/png.h"
#include "image/dicom/dicom_data_set.h"

namespace apatite::image {
namespace {

using Bytes = std::span<const std::byte>;

// A decoder for which there is nothing to choose.
template <Image (*decode)(Bytes, std::string_view)>
Image without_options(Bytes file, std::string_view where, const JpegOptions&) {
  return decode(file, where);
}

constexpr std::array kFormats{
    ImageFormat{"PNG", ".png", is_png, without_options<decode_png>},
    ImageFormat{"JPEG", ".jpg", is_jpeg, decode_jpeg, ".jpeg"},
    ImageFormat{"NumPy array", ".npy", is_npy, without_options<decode_npy_image>},
};

// Formats that people will try, so that the refusal can name them.
struct KnownSignature {
  std::string_view name;
  std::size_t offset;
  std::string_view bytes;
};
constexpr std::array kNotRead{
    KnownSignature{"a DICOM file", 128, "DICM"},
    KnownSignature{"a TIFF file", 0, std::string_view("II*\0", 4)},
    KnownSignature{"a TIFF file", 0, std::string_view("MM\0*", 4)},
    KnownSignature{"a BMP file", 0, "BM"},
    KnownSignature{"a GIF file", 0, "GIF8"},
    KnownSignature{"a WebP file", 8, "WEBP"},
    KnownSignature{"a JPEG 2000 file", 4, "jP  \r\n\x87\n"},
    KnownSignature{"a compressed (gzip) file", 0, "\x1F\x8B"},
    KnownSignature{"a ZIP file", 0, "PK\x03\x04"},
};

[[noreturn]] void refuse_format(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const ImageFormat& format : kFormats) names.emplace_back(format.name);
  const std::string remedy = "convert it to one of: " + join(names);
  if (file.empty()) throw Error(ErrorKind::kBadFile, where, "is empty (0 bytes)", "copy it again");
  for (const KnownSignature& known : kNotRead) {
    if (text.size() >= known.offset && text.substr(known.offset).starts_with(known.bytes)) {
      throw Error(ErrorKind::kBadFile, where,
                  "is " + std::string(known.name) + ", which is not read", remedy);
    }
  }
  throw Error(ErrorKind::kBadFile, where, "is not an image of a known format", remedy);
}

}  // namespace

std::span<const ImageFormat> image_formats() { return kFormats; }

std::string_view image_format_name(std::span<const std::byte> file) {
  for (const ImageFormat& format : kFormats) {
    if (format.recognises(file)) return format.name;
  }
  return is_dicom(file) ? "DICOM" : "";
}

Image decode_image(Bytes file, std::string_view where, const JpegOptions& jpeg) {
  for (const ImageFormat& format : kFormats) {
    if (format.recognises(file)) return format.decode(file, where, jpeg);
  }
  refuse_format(file, where);
}

Image decode_image(const std::filesystem::path& path) {
  const std::string file = read_file(path, kMaxImageFileBytes);
  return decode_image(std::as_bytes(std::span(file)), path.string());
}

bool has_image_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return !extension.empty() &&
         std::any_of(kFormats.begin(), kFormats.end(), [&](const ImageFormat& format) {
           return extension == format.extension || extension == format.other_extension;
         });
}

}  // namespace apatite::image
