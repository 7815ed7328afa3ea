#include "study/explained_images.h"

#include <string_view>
#include <system_error>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "image/decode.h"
#include "image/dicom_data_set.h"

namespace apatite {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kErrorsHeader = "image,reason\n";

}  // namespace

Manifest read_images(const fs::path& images) {
  std::error_code ignored;
  const bool is_image = fs::is_regular_file(images, ignored) &&
                        (has_image_extension(images) || is_dicom(MappedFile(images).bytes()));
  if (!is_image) return read_manifest(images);
  Manifest manifest;
  manifest.folder = images.parent_path();
  manifest.entries.push_back({.image = images.filename().string()});
  return manifest;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo, folder.string(), "cannot be made (" + error.message() + ")");
  }
}

std::string reason_of(const Error& error, const fs::path& path) {
  const std::string_view message = error.what();
  const std::string prefix = escape_control(path.string()) + ": ";
  return std::string(message.starts_with(prefix) ? message.substr(prefix.size()) : message);
}

fs::path write_errors(const fs::path& folder, const std::string& rows) {
  const fs::path path = folder / "errors.csv";
  if (!rows.empty()) {
    write_file(path, std::string(kErrorsHeader) + rows);
    return path;
  }
  // A file of that name that apatite did not write stays.
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) &&
      as_text(MappedFile(path).bytes()).starts_with(kErrorsHeader)) {
    fs::remove(path, ignored);
  }
  return {};
}

}  // namespace apatite
