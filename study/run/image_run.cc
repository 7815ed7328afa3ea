#include "study/run/image_run.h"

#include <string_view>
#include <system_error>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "image/codec/decode.h"
#include "image/dicom/dicom_data_set.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kErrorsHeader = "image,reason\n";
constexpr std::int64_t kMostBatch = 4096;
constexpr std::int64_t kMostWorkers = 256;

}  // namespace

void check_between(std::string_view what, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorKind::kUsage, what, to_text(value) + " is not possible",
              "pass " + to_text(least) + " to " + to_text(most));
}

void check_batch_and_workers(std::int64_t batch, int workers) {
  check_between("batch", batch, 1, kMostBatch);
  check_between("workers", workers, 0, kMostWorkers);
}

std::size_t image_workers(int asked, int network_threads) {
  return static_cast<std::size_t>(asked > 0 ? asked : std::max(1, network_threads / 2));
}

image::Recipe recipe_for(const weights::WeightsFile& weights, const std::filesystem::path& path) {
  const Json& own = weights.metadata().recipe;
  if (path.empty() && own.is_null()) {
    throw Error(ErrorKind::kUsage, weights.where(), "holds no recipe for its images",
                "pass one with --recipe");
  }
  image::Recipe recipe = path.empty() ? image::Recipe::from_json(own, weights.where() + " (recipe)")
                                      : image::Recipe::read(path);
  const std::int64_t channels = weights.metadata().model.input_channels;
  if (recipe.channels() != channels) {
    throw Error(ErrorKind::kUsage, "recipe",
                "makes images of " + to_text(recipe.channels()) + " channels, the network takes " +
                    to_text(channels),
                "set the recipe's channels");
  }
  return recipe;
}

Manifest read_images(const fs::path& images) {
  std::error_code ignored;
  const bool is_image =
      fs::is_regular_file(images, ignored) &&
      (image::has_image_extension(images) || image::is_dicom(MappedFile(images).bytes()));
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
  fs::path path = folder / "errors.csv";
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

}  // namespace apatite::study
