// One door for every image format: the bytes say what a file is, never its name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "image/codec/jpeg_options.h"
#include "image/pixels/image.h"

namespace apatite::image {

// A format lives in its own pair of files and appears here as one row of the table in decode.cc.
struct ImageFormat {
  std::string_view name;       // "PNG"
  std::string_view extension;  // ".png": for listing a folder, not for deciding what a file is
  bool (*recognises)(std::span<const std::byte> file);
  Image (*decode)(std::span<const std::byte> file, std::string_view where, const JpegOptions& jpeg);
  std::string_view other_extension = {};  // ".jpeg"
};

std::span<const ImageFormat> image_formats();

// The name of the format above that recognises the bytes; empty if none does.
std::string_view image_format_name(std::span<const std::byte> file);

// Files above this are refused unread.
constexpr std::size_t kMaxImageFileBytes = std::size_t{1} << 30;

// Decodes one file; all of its bytes are accounted for. The samples are those of the file, bit for
// bit. Throws Error: kIo if it cannot be read, kBadFile if its format is unknown or its content is
// damaged or beyond the limits; never returns a part of an image.
Image decode_image(const std::filesystem::path& path);
Image decode_image(std::span<const std::byte> file, std::string_view where,
                   const JpegOptions& jpeg = {});

// True if the name ends like one of a format above or of a tensor (.npy), in any case of letters.
bool has_image_extension(const std::filesystem::path& path);

}  // namespace apatite::image
