// The files and hashes of tests/goldens/dicom (make_dicom.py).
#pragma once

#include <filesystem>
#include <string>

#include "base/sha256.h"
#include "image/decoder/decoder_pool.h"
#include "image/dicom/pixels/dicom.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {

inline std::filesystem::path golden_folder() {
  return source_dir() / "tests" / "goldens" / "dicom";
}

inline Json golden(const std::string& name) {
  return parse_json(read_file(golden_folder() / name, 1U << 20U), name);
}

// The file as a process of its own decodes it.
inline Image decoded(const std::filesystem::path& path, const Json& options) {
  DecoderPool pool(1, [options = dicom_options_from_json(options, "options")](
                          std::span<const std::byte> file, std::string_view where) {
    return decode_dicom(file, options, where);
  });
  return pool.decode(path);
}

inline std::string hash_of(const Image& image) { return sha256_hex(sample_bytes(image)); }

}  // namespace apatite::image
