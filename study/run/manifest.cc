#include "study/run/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <span>
#include <system_error>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/codec/decode.h"
#include "image/dicom/dicom_data_set.h"
#include "image/dicom/dicom_fields.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 28;

struct Column {
  std::string name;
  std::string ManifestEntry::*field;
  bool required;
};

const std::array<Column, 7>& columns() {
  static const std::array<Column, 7> all{{{"image", &ManifestEntry::image, true},
                                          {"label", &ManifestEntry::label, true},
                                          {"patient", &ManifestEntry::patient, true},
                                          {"lesion", &ManifestEntry::lesion, false},
                                          {"split", &ManifestEntry::split, false},
                                          {"boxes", &ManifestEntry::boxes, false},
                                          {"mask", &ManifestEntry::mask, false}}};
  return all;
}

// What `apatite manifest` writes for people (study/run/list_headers.h); nothing here reads it.
constexpr std::array<std::string_view, 12> kInformation{"view",
                                                        "presentation_intent",
                                                        "pixel_spacing",
                                                        "imager_pixel_spacing",
                                                        "modality",
                                                        "rows",
                                                        "columns",
                                                        "frames",
                                                        "burned_in_annotation",
                                                        "bits_stored",
                                                        "photometric",
                                                        "transfer_syntax"};

constexpr std::string_view kLaterality = "laterality";
constexpr std::array<std::string_view, 4> kBox{"crop_top", "crop_left", "crop_height",
                                               "crop_width"};

void refuse_unknown_columns(const CsvReader& reader, const CsvHeader& header) {
  std::vector<std::string> known;
  for (const Column& column : columns()) known.push_back(column.name);
  known.emplace_back(kLaterality);
  known.insert(known.end(), kBox.begin(), kBox.end());
  for (const std::string& name : header.names()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (std::find(kInformation.begin(), kInformation.end(), name) != kInformation.end()) continue;
    throw reader.error(1, "the column '" + name + "' has no meaning here",
                       "nearest: " + join(nearest(name, known)) + "; rename or remove it");
  }
}

// The cell of a row, empty if the file has no such column.
std::string cell(const CsvHeader& header, const CsvRow& row, std::string_view column) {
  const auto at = header.find(column);
  return at ? row.fields[*at] : std::string();
}

image::Laterality laterality_from(const CsvReader& reader, const CsvHeader& header,
                                  const CsvRow& row) {
  const std::string text = cell(header, row, kLaterality);
  if (text.empty()) return image::Laterality::kUnknown;
  if (text == "L" || text == "left") return image::Laterality::kLeft;
  if (text == "R" || text == "right") return image::Laterality::kRight;
  throw reader.error(row.line, "has the laterality '" + text + "'", "write L or R, or nothing");
}

std::optional<image::Box> box_from(const CsvReader& reader, const CsvHeader& header,
                                   const CsvRow& row) {
  std::array<std::int64_t, 4> numbers{};
  std::size_t given = 0;
  for (std::size_t i = 0; i < kBox.size(); ++i) {
    const std::string text = cell(header, row, kBox[i]);
    if (text.empty()) continue;
    ++given;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    const std::int64_t least = i < 2 ? 0 : 1;
    if (error != std::errc() || end != text.data() + text.size() || numbers[i] < least ||
        numbers[i] > image::kMaxImageSide) {
      throw reader.error(row.line, "has '" + text + "' as " + std::string(kBox[i]),
                         "write pixels: a whole number from " + to_text(least) + " on");
    }
  }
  if (given == 0) return {};
  if (given < kBox.size()) {
    throw reader.error(row.line, "has a part of a box",
                       "fill all of crop_top, crop_left, crop_height and crop_width, or none");
  }
  return image::Box{numbers[0], numbers[1], {numbers[2], numbers[3]}};
}

// The context comes last, and only where there is one: a list without has the same hash as before
// these columns existed.
std::vector<std::string> fields_of(const ManifestEntry& entry) {
  std::vector<std::string> fields;
  for (const Column& column : columns()) fields.push_back(entry.*column.field);
  const auto& [crop, laterality] = entry.context;
  if (laterality != image::Laterality::kUnknown) {
    fields.emplace_back(laterality == image::Laterality::kLeft ? "laterality L" : "laterality R");
  }
  if (crop) {
    fields.push_back("crop " + to_text(crop->top) + " " + to_text(crop->left) + " " +
                     to_text(crop->size.height) + " " + to_text(crop->size.width));
  }
  return fields;
}

// The entry for `relative`, a path below the listed folder.
ManifestEntry entry_of(const fs::path& relative) {
  ManifestEntry entry;
  entry.image = relative.generic_string();
  const fs::path parent = relative.parent_path();
  if (!parent.empty() && parent == parent.filename()) entry.label = parent.string();
  return entry;
}

[[noreturn]] void fail(const fs::path& folder, const std::error_code& error) {
  throw Error(ErrorKind::kIo, folder.string(), "cannot list the folder (" + error.message() + ")");
}

}  // namespace

std::vector<ManifestEntry> parse_manifest(std::string_view csv, std::string_view where) {
  CsvReader reader(csv, where);
  const CsvHeader header(reader);
  for (const Column& column : columns()) {
    if (column.required) (void)header.require(reader, column.name);
  }
  refuse_unknown_columns(reader, header);

  std::vector<ManifestEntry> entries;
  std::map<std::string, std::int64_t> lines;  // of each image, by its normal path
  while (const std::optional<CsvRow> row = reader.next()) {
    ManifestEntry entry;
    for (const Column& column : columns()) {
      if (const auto at = header.find(column.name)) entry.*column.field = row->fields[*at];
    }
    if (entry.image.empty()) throw reader.error(row->line, "names no image");
    entry.context = {box_from(reader, header, *row), laterality_from(reader, header, *row)};
    const auto [first, is_new] =
        lines.emplace(fs::path(entry.image).lexically_normal().string(), row->line);
    if (!is_new) {
      throw reader.error(
          row->line,
          "the image '" + entry.image + "' is there already, in line " + to_text(first->second),
          "list each image once");
    }
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) throw Error(ErrorKind::kBadFile, where, "lists no image");
  return entries;
}

Manifest list_images(const fs::path& folder) {
  Manifest manifest;
  manifest.folder = folder;
  std::error_code error;
  auto at = fs::recursive_directory_iterator(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::path& path = at->path();
    const bool is_folder = at->is_directory(error) && !at->is_symlink(error);
    if (path.filename().string().starts_with('.')) {
      if (is_folder) at.disable_recursion_pending();
    } else if (!is_folder) {
      if (image::has_image_extension(path) || image::is_dicom_file(path)) {
        manifest.entries.push_back(entry_of(path.lexically_relative(folder)));
      } else {
        ++manifest.skipped;
      }
    }
    error.clear();
  }
  if (error) fail(folder, error);
  if (manifest.entries.empty()) {
    throw Error(ErrorKind::kUsage, folder.string(),
                "holds no image (" + to_text(manifest.skipped) + " other files)",
                "pass a folder with image files (PNG, JPEG, DICOM, .npy), or a manifest (CSV)");
  }
  const auto by_image = [](const ManifestEntry& a, const ManifestEntry& b) {
    return a.image < b.image;
  };
  std::sort(manifest.entries.begin(), manifest.entries.end(), by_image);
  return manifest;
}

Manifest read_manifest(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return list_images(path);
  Manifest manifest;
  manifest.folder = path.parent_path();
  const bool is_image =
      fs::is_regular_file(path, ignored) &&
      (image::has_image_extension(path) || image::is_dicom(MappedFile(path).bytes()));
  if (is_image) {
    manifest.entries.push_back({.image = path.filename().string()});
  } else {
    manifest.entries = parse_manifest(read_file(path, kMaxManifestBytes), path.string());
  }
  return manifest;
}

std::string sha256_of(const std::vector<ManifestEntry>& entries) {
  Sha256 hash;
  for (const ManifestEntry& entry : entries) {
    const std::string line = csv_line(fields_of(entry));
    hash.update(std::as_bytes(std::span(line)));
  }
  return hash.finish();
}

}  // namespace apatite::study
