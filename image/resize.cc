#include "image/resize.h"

#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "image/pillow_resample.h"

namespace apatite {
namespace {

constexpr std::array kMethods{
    ResizeMethod{"pillow-bilinear", "Image.resize(BILINEAR) of Pillow 13, torchvision's Resize",
                 resize_pillow_bilinear},
    ResizeMethod{"pillow-12-bilinear", "the same of Pillow 3.3 to 12 (docs/recipes.md)",
                 resize_pillow_12_bilinear},
};

}  // namespace

std::span<const ResizeMethod> resize_methods() { return kMethods; }

const ResizeMethod& find_resize_method(std::string_view name, std::string_view where) {
  std::vector<std::string> names;
  for (const ResizeMethod& method : kMethods) {
    if (method.name == name) return method;
    names.emplace_back(method.name);
  }
  throw Error(ErrorKind::kBadFile, where, "there is no resize method \"" + std::string(name) + "\"",
              "there is: " + join(names));
}

}  // namespace apatite
