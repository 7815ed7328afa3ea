// The methods that make maps, by name, and their settings.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace apatite::gradcam {

enum class Method {
  kGradCam,
  kGradCamPlusPlus,
  kHiResCam,
  kLayerCam,
  kScoreCam,
  kGradient,
  kSmoothGrad,
  kIntegratedGradients,
};

struct MethodInfo {
  Method method;
  std::string_view name;         // "gradcam"
  std::string_view description;  // one line: the formula and its source
  bool of_layer;                 // false: of the input, whatever layer is asked for
};

// Grad-CAM, the default, first.
std::span<const MethodInfo> methods();
const MethodInfo& info_of(Method method);
// Finds a method by name. Throws Error (kUsage), which names all of them, if there is none.
Method find_method(std::string_view name);

struct MethodSettings {
  // Integrated gradients: how many gradients are averaged along the path from an input of zeros to
  // the image.
  std::int64_t path_steps = 64;
  // SmoothGrad: how many noisy images are averaged, and the standard deviation of the noise as a
  // fraction of the image's range (its largest value minus its smallest).
  std::int64_t smooth_samples = 32;
  double smooth_noise = 0.15;
  std::uint64_t seed = 1;
  // The gradient and SmoothGrad: sum_c g_c instead of max_c |g_c|.
  bool keep_sign = false;
  // How many images the network takes at once where a method needs many runs.
  std::int64_t batch = 8;
};

// Throws Error (kUsage) if a setting is out of range.
void check_settings(const MethodSettings& settings);

}  // namespace apatite::gradcam
