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
  // The region that the label is about, in pixels of the image: boxes "top left height width",
  // separated by ';', or an image of the same size that is not 0 in the region. Empty: unknown.
  std::string boxes;
  std::string mask;
  image::ImageContext context;  // the columns laterality and crop_*

  bool operator==(const ManifestEntry&) const = default;
};

struct Manifest {
  std::filesystem::path folder;  // the folder that relative paths of images start from
  std::vector<ManifestEntry> entries;
  std::int64_t skipped = 0;  // files in the folder that are no images

  [[nodiscard]] std::filesystem::path path_of(const ManifestEntry& entry) const {
    return folder / entry.image;
  }
};

// The images of a folder, of a CSV file or a single image, whichever `path` is. A file counts as an
// image if its name ends like one or its first bytes are those of DICOM. Throws Error: kIo if it
// cannot be read, else as list_images and parse_manifest do.
Manifest read_manifest(const std::filesystem::path& path);

// Reads CSV (base/csv.h) with a header. The columns image, label and patient are required. The
// columns lesion, split, boxes, mask, laterality (L or left, R or right), crop_top, crop_left,
// crop_height and crop_width (a box in pixels) are optional, and so are those that `apatite
// manifest` adds. Every cell but the image may be empty; of a box, all four cells or none. Throws
// Error (kBadFile, with `where` and the line) if a column is missing or unknown (the message has
// the nearest), if a row names no image, if one image is listed twice ("a.png" and "./a.png" are
// one), or if there is no row.
std::vector<ManifestEntry> parse_manifest(std::string_view csv, std::string_view where);

// Lists the image and .npy files below `folder`, which it knows by their extension, and the DICOM
// files, which it knows by their first bytes. They are sorted by the bytes of their '/'-separated
// paths relative to the folder. The label of <class>/<file> is the name of the sub-folder; other
// files have no label. Names that start with a dot are ignored, other files are counted in
// `skipped`, and folders that are links are not entered. Throws Error: kIo if a folder cannot be
// read, kUsage if there is no image.
Manifest list_images(const std::filesystem::path& folder);

// SHA-256 of the entries as CSV. It is equal for equal lists, whatever folder they lie in.
std::string sha256_of(const std::vector<ManifestEntry>& entries);

}  // namespace apatite::study
