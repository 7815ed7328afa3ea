// Alpha and channel counts: from what a file holds to what a network takes.
#pragma once

#include <cstdint>
#include <string_view>

#include "image/pixels/image.h"

namespace apatite::image {

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

// How an RGB image becomes a grey one. Integers round half up; binary32 and binary64 samples take
// the weights as fractions, in binary64 from left to right, rounded once to the sample type.
enum class GreyRule {
  kEqual,   // "equal": its three channels must be equal in every pixel
  kPillow,  // "pillow": (19595 R + 38470 G + 7471 B + 2^15) >> 16, Image.convert("L")
  kOpenCv,  // "opencv": (9798 R + 19235 G + 3735 B + 2^14) >> 15, cv2.COLOR_RGB2GRAY of OpenCV 4, 5
  kRec709,  // "rec709": (13933 R + 46871 G + 4732 B + 2^15) >> 16, ITU-R BT.709
};

// A grey image from an RGB one. Throws Error (kBadFile, the image's source) for kEqual with the
// first pixel whose channels differ.
Image grey_from_rgb(const Image& image, GreyRule rule);

}  // namespace apatite::image
