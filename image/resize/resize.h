// Resizing, each method named after the program that it reproduces.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "image/pixels/image.h"

namespace apatite::image {

struct ResizeMethod {
  std::string_view name;         // as in recipes: "pillow-bilinear"
  std::string_view description;  // one line
  // 1 or 3 channels, no alpha; height and width within image.h's limits. The samples have the
  // image's type, or are binary64 where the method must not round (torch_resample.h).
  Image (*resize)(const Image& image, std::int64_t height, std::int64_t width);
};

// Every method, the default of the documentation first.
std::span<const ResizeMethod> resize_methods();

// By name. Throws Error (kBadFile, `where`) naming all of them.
const ResizeMethod& find_resize_method(std::string_view name, std::string_view where);

}  // namespace apatite::image
