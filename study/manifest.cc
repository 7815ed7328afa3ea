#include "study/manifest.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <system_error>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/decode.h"

namespace apatite {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxManifestBytes = std::size_t{1} << 28;

struct Column {
  std::string name;
  std::string ManifestEntry::*field;
  bool required;
};

const std::array<Column, 5>& columns() {
  static const std::array<Column, 5> all{{{"image", &ManifestEntry::image, true},
                                          {"label", &ManifestEntry::label, true},
                                          {"patient", &ManifestEntry::patient, true},
                                          {"lesion", &ManifestEntry::lesion, false},
                                          {"split", &ManifestEntry::split, false}}};
  return all;
}

void refuse_unknown_columns(const CsvReader& reader, const CsvHeader& header) {
  std::vector<std::string> known;
  for (const Column& column : columns()) known.push_back(column.name);
  for (const std::string& name : header.names()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw reader.error(1, "the column '" + name + "' has no meaning here",
                       "nearest: " + join(nearest(name, known)) + "; rename or remove it");
  }
}

std::vector<std::string> fields_of(const ManifestEntry& entry) {
  std::vector<std::string> fields;
  for (const Column& column : columns()) fields.push_back(entry.*column.field);
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
      if (has_image_extension(path)) {
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
                "pass a folder with .png or .npy files, or a manifest (CSV)");
  }
  const auto by_image = [](const ManifestEntry& a, const ManifestEntry& b) {
    return a.image < b.image;
  };
  std::sort(manifest.entries.begin(), manifest.entries.end(), by_image);
  return manifest;
}

Manifest read_manifest(const fs::path& path) {
  if (std::error_code ignored; fs::is_directory(path, ignored)) return list_images(path);
  Manifest manifest;
  manifest.folder = path.parent_path();
  manifest.entries = parse_manifest(read_file(path, kMaxManifestBytes), path.string());
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

}  // namespace apatite
