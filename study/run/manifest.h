// The list of images that a run works on: a CSV file or a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "image/pixels/image_context.h"

namespace apatite::study {

struct ManifestEntry {
  std::string image;  // as given: relative to the manifest's folder, or absolute
  std::string label;  // class name; empty: unknown
  std::string patient;
  std::string lesion;
  std::string split;
  // Where what the label is about lies, in pixels of the image: boxes "top left height width",
  // separated by ';', or an image of the same size that is not 0 there. Empty: unknown.
  std::string boxes;
  std::string mask;
  image::ImageContext context;  // the columns laterality and crop_*

  bool operator==(const ManifestEntry&) const = default;
};

struct Manifest {
  std::filesystem::path folder;  // that relative images start from
  std::vector<ManifestEntry> entries;
  std::int64_t skipped = 0;  // other files in the folder

  [[nodiscard]] std::filesystem::path path_of(const ManifestEntry& entry) const {
    return folder / entry.image;
  }
};

// The images of a folder, of a CSV file or a single image, whichever `path` is. A file counts as an
// image if its name ends like one or its first bytes are those of DICOM. Throws Error: kIo if it
// cannot be read, else as list_images and parse_manifest do.
Manifest read_manifest(const std::filesystem::path& path);

// CSV (base/csv.h) with a header: the columns image, label and patient must be there; lesion,
// split, boxes, mask, laterality (L or left, R or right) and crop_top, crop_left, crop_height,
// crop_width (a box in pixels) may be, as those that `apatite manifest` adds; cells may be empty
// but for the image's, of a box all four or none. Throws Error (kBadFile, `where` and the line): a
// column missing or unknown (with the nearest), no image, one image twice ("a.png" and
// "./a.png" are one), no row at all.
std::vector<ManifestEntry> parse_manifest(std::string_view csv, std::string_view where);

// Every image and .npy file below `folder`, by extension, and every DICOM file, by its first bytes,
// in the byte order of their paths relative to it
// ('/'-separated). The label is the name of the folder for <class>/<file>, empty for files that lie
// elsewhere. Names that start with a dot are passed over; other files are counted in `skipped`;
// folders that are links are not entered. Throws Error: kIo if a folder cannot be read, kUsage if
// there is no image.
Manifest list_images(const std::filesystem::path& folder);

// SHA-256 of the entries as CSV: equal for equal lists, wherever they lie.
std::string sha256_of(const std::vector<ManifestEntry>& entries);

}  // namespace apatite::study
