// The region of an image that its row in the manifest describes.
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

// The boxes of the entry and its mask together; `read` reads the mask. Empty if the entry has
// neither. `source` is the size of the image. Throws Error (kBadFile) if the boxes are not whole
// numbers "top left height width[; ...]" with a height and a width of at least 1, if they lie
// outside the image, if the mask cannot be read or has another size, or if the region has no pixel.
std::optional<gradcam::Region> region_of(const Manifest& manifest, const ManifestEntry& entry,
                                         image::Size source, const ReadImage& read);

}  // namespace apatite::study
