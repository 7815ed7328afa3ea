// The region that a manifest knows of an image.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "gradcam/trust/region.h"
#include "image/pixels/image.h"
#include "study/run/manifest.h"

namespace apatite::study {

// Reads an image file, e.g. in a decoder process.
using ReadImage = std::function<image::Image(const std::filesystem::path& path)>;

// From the entry's boxes and its mask, which `read` reads, together; empty if it has neither.
// `source` is the image's size.
// Throws Error (kBadFile): boxes that are not "top left height width[; ...]" of whole numbers with
// a size, or lie outside the image; a mask that cannot be read or is of another size; a region of
// no pixel.
std::optional<gradcam::Region> region_of(const Manifest& manifest, const ManifestEntry& entry,
                                         image::Size source, const ReadImage& read);

}  // namespace apatite::study
