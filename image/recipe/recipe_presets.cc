#include "image/recipe/recipe_presets.h"

#include <algorithm>
#include <array>

namespace apatite::image {
namespace {

// torchvision.transforms._presets.ImageClassification: resize_size, crop_size, ImageNet's mean and
// std; the sizes are those of the weights named in the description.
//
// Keras: load_img(target_size) resizes with NEAREST; keras.applications.imagenet_utils:
// preprocess_input of mode "tf" is x / 127.5 - 1, "torch" is (x / 255 - mean) / std, "caffe" takes
// the channels as blue, green, red and subtracts their means.
constexpr std::array kPresets{
    RecipePreset{"torchvision-224",
                 "torchvision: resize 256, crop 224 (ResNet and DenseNet, IMAGENET1K_V1)",
                 R"({"recipe": 1, "channels": 3, "divide_by": "max",
  "steps": [{"resize": {"shorter_side": 256, "method": "pillow-bilinear"}},
            {"center_crop": {"height": 224, "width": 224}}],
  "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})"},
    RecipePreset{"torchvision-224-v2", "torchvision: resize 232, crop 224 (ResNet, IMAGENET1K_V2)",
                 R"({"recipe": 1, "channels": 3, "divide_by": "max",
  "steps": [{"resize": {"shorter_side": 232, "method": "pillow-bilinear"}},
            {"center_crop": {"height": 224, "width": 224}}],
  "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})"},
    RecipePreset{"torchvision-299", "torchvision: resize 342, crop 299 (Inception-v3)",
                 R"({"recipe": 1, "channels": 3, "divide_by": "max",
  "steps": [{"resize": {"shorter_side": 342, "method": "pillow-bilinear"}},
            {"center_crop": {"height": 299, "width": 299}}],
  "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})"},
    RecipePreset{"keras-tf",
                 "Keras, mode tf, 299x299 (Xception, Inception-v3, Inception-ResNet-v2)",
                 R"({"recipe": 1, "channels": 3, "bit_depth": 8, "divide_by": 127.5,
  "steps": [{"resize": {"height": 299, "width": 299, "method": "pillow-nearest"}}],
  "mean": [1, 1, 1], "std": [1, 1, 1]})"},
    RecipePreset{"keras-caffe", "Keras, mode caffe, 224x224 (ResNet-50, -101 and -152)",
                 R"({"recipe": 1, "channels": 3, "bit_depth": 8, "divide_by": 1,
  "steps": [{"resize": {"height": 224, "width": 224, "method": "pillow-nearest"}}],
  "channel_order": "BGR", "mean": [103.939, 116.779, 123.68], "std": [1, 1, 1]})"},
    RecipePreset{"keras-torch", "Keras, mode torch, 224x224 (DenseNet)",
                 R"({"recipe": 1, "channels": 3, "bit_depth": 8, "divide_by": 255,
  "steps": [{"resize": {"height": 224, "width": 224, "method": "pillow-nearest"}}],
  "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]})"},
};

}  // namespace

std::span<const RecipePreset> recipe_presets() { return kPresets; }

const RecipePreset* find_recipe_preset(std::string_view name) {
  const auto* found = std::find_if(kPresets.begin(), kPresets.end(),
                                   [&](const RecipePreset& preset) { return preset.name == name; });
  return found == kPresets.end() ? nullptr : &*found;
}

}  // namespace apatite::image
