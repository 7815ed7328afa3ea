// The methods by name, and what can be set about them.
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
// By name. Throws Error (kUsage) naming all of them.
Method find_method(std::string_view name);

struct MethodSettings {
  // Integrated gradients: how many gradients are averaged along the path from 0 of the network's
  // input.
  std::int64_t path_steps = 64;
  // SmoothGrad: how many noisy images, and the noise's standard deviation in units of the image's
  // largest value less its least.
  std::int64_t smooth_samples = 32;
  double smooth_noise = 0.15;
  std::uint64_t seed = 1;
  // The gradient and SmoothGrad: sum_c g_c instead of max_c |g_c|.
  bool keep_sign = false;
  // Images that the network takes at once where a method needs many runs.
  std::int64_t batch = 8;
};

// Throws Error (kUsage) for a setting out of range.
void check_settings(const MethodSettings& settings);

}  // namespace apatite::gradcam
