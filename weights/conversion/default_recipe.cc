#include "base/error.h"
#include "base/text.h"
#include "models/models.h"
#include "weights/conversion/convert.h"

namespace apatite::weights {
namespace {

// torchvision's ImageClassification preset: Resize(256), CenterCrop(224).
Json imagenet_steps() {
  return Json::array({{{"resize", {{"shorter_side", 256}, {"method", "pillow-bilinear"}}}},
                      {{"center_crop", {{"height", 224}, {"width", 224}}}}});
}

// 32x32 images stay as they are; others are brought to that size.
Json cifar_steps() {
  return Json::array(
      {{{"resize", {{"height", 32}, {"width", 32}, {"method", "pillow-bilinear"}}}}});
}

bool is_cifar(const models::ModelConfig& model) {
  return model.architecture.starts_with("cifar_resnet") ||
         model.options.value("stem", std::string()) == "cifar";
}

}  // namespace

Json default_recipe(const models::ModelConfig& model) {
  Json recipe{{"recipe", 1}, {"channels", model.input_channels}, {"divide_by", "max"}};
  recipe["steps"] = is_cifar(model) ? cifar_steps() : imagenet_steps();
  if (model.input_channels == 3) {
    recipe["mean"] = {0.485, 0.456, 0.406};
    recipe["std"] = {0.229, 0.224, 0.225};
  } else if (model.input_channels == 1) {  // the means over the three channels
    recipe["mean"] = Json::array({0.449});
    recipe["std"] = Json::array({0.226});
  } else {
    throw Error(ErrorKind::kUsage, model.architecture,
                "has " + to_text(model.input_channels) +
                    " input channels, for which there is no usual recipe",
                "pass one with --recipe");
  }
  return recipe;
}

}  // namespace apatite::weights
