// Reads a file of any image format. The first bytes say which format it has; the name of the file
// does not matter.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "image/codec/jpeg_options.h"
#include "image/pixels/image.h"

namespace apatite::image {

// An image format. Its code is in a pair of files of this folder; to add one, write that pair and
// add one row to the table in decode.cc.
struct ImageFormat {
  std::string_view name;       // "PNG"
  std::string_view extension;  // ".png": for listing a folder, not for deciding what a file is
  bool (*recognises)(std::span<const std::byte> file);
  Image (*decode)(std::span<const std::byte> file, std::string_view where, const JpegOptions& jpeg);
  std::string_view other_extension = {};  // ".jpeg"
};

std::span<const ImageFormat> image_formats();

// The name of the format that recognises the bytes ("DICOM" too); empty if none does.
std::string_view image_format_name(std::span<const std::byte> file);

// Larger files are refused before they are read.
constexpr std::size_t kMaxImageFileBytes = std::size_t{1} << 30;

// Decodes one file (not DICOM: image/dicom/pixels/dicom.h). The samples are those of the file, bit
// for bit. Throws Error: kIo if the file cannot be read; kBadFile if its format is unknown, its
// content is damaged, has bytes that do not belong to the image, or is beyond the limits. Never
// returns a part of an image.
Image decode_image(const std::filesystem::path& path);
Image decode_image(std::span<const std::byte> file, std::string_view where,
                   const JpegOptions& jpeg = {});

// True if the extension of the name is that of a format in the table, in upper or lower case.
bool has_image_extension(const std::filesystem::path& path);

}  // namespace apatite::image
