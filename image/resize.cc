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
    ResizeMethod{"pillow-bilinear",
                 "Pillow's Image.resize(BILINEAR); torchvision's Resize of images",
                 resize_pillow_bilinear},
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
