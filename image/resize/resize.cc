#include "image/resize/resize.h"

#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "image/resize/nearest.h"
#include "image/resize/pillow_resample.h"
#include "image/resize/torch_resample.h"

namespace apatite::image {
namespace {

constexpr std::array kMethods{
    ResizeMethod{"pillow-bilinear", "Image.resize(BILINEAR) of Pillow 13, torchvision's Resize",
                 resize_pillow_bilinear},
    ResizeMethod{"pillow-bicubic", "the same with BICUBIC", resize_pillow_bicubic},
    ResizeMethod{"pillow-lanczos", "the same with LANCZOS", resize_pillow_lanczos},
    ResizeMethod{"pillow-box", "the same with BOX: averages of areas", resize_pillow_box},
    ResizeMethod{"pillow-nearest", "the same with NEAREST, Keras' load_img", resize_pillow_nearest},
    ResizeMethod{"pillow-12-bilinear", "BILINEAR of Pillow 3.3 to 12 (docs/recipes.md)",
                 resize_pillow_12_bilinear},
    ResizeMethod{"pillow-12-bicubic", "BICUBIC of Pillow 3.3 to 12, 8 bits",
                 resize_pillow_12_bicubic},
    ResizeMethod{"pillow-12-lanczos", "LANCZOS of Pillow 3.3 to 12, 8 bits",
                 resize_pillow_12_lanczos},
    ResizeMethod{"torch-bilinear", "interpolate(mode=\"bilinear\") of a tensor",
                 resize_torch_bilinear},
    ResizeMethod{"torch-bilinear-antialias", "the same with antialias=True, torchvision's Resize",
                 resize_torch_bilinear_antialias},
    ResizeMethod{"torch-bicubic", "interpolate(mode=\"bicubic\") of a tensor",
                 resize_torch_bicubic},
    ResizeMethod{"torch-bicubic-antialias", "the same with antialias=True",
                 resize_torch_bicubic_antialias},
    ResizeMethod{"torch-nearest", "interpolate(mode=\"nearest\") of a tensor",
                 resize_torch_nearest},
    ResizeMethod{"torch-nearest-exact", "interpolate(mode=\"nearest-exact\") of a tensor",
                 resize_torch_nearest_exact},
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

}  // namespace apatite::image
