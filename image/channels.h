// Alpha and channel counts: from what a file holds to what a network takes.
#pragma once

#include <cstdint>
#include <string_view>

#include "image/image.h"

namespace apatite {

// What to do with an alpha channel that is not opaque everywhere. An opaque one is dropped.
enum class AlphaRule {
  kRefuse,  // "refuse"
  kIgnore,  // "ignore": the colours as stored
  kBlack,   // "black": over black
  kWhite,   // "white": over white
};

// The image without its alpha channel. Over black or white, with colour c, alpha a, background b
// and M = 255 or 65535: floor((c * a + b * (M - a) + floor(M / 2)) / M), in integers. Throws Error
// (kBadFile, the image's source) if `rule` refuses.
Image remove_alpha(const Image& image, AlphaRule rule);

// A grey image from an RGB image whose three channels are equal in every pixel. Throws Error
// (kBadFile, the image's source) with the first pixel where they are not.
Image grey_from_equal_channels(const Image& image);

}  // namespace apatite
