// The region that a manifest knows of an image.
#pragma once

#include <optional>

#include "gradcam/region.h"
#include "study/manifest.h"

namespace apatite {

// From the entry's boxes and mask together; empty if it has neither. `source` is the image's size.
// Throws Error (kBadFile): boxes that are not "top left height width[; ...]" of whole numbers with
// a size, or lie outside the image; a mask that cannot be read or is of another size; a region of
// no pixel.
std::optional<Region> region_of(const Manifest& manifest, const ManifestEntry& entry,
                                PixelSize source);

}  // namespace apatite
