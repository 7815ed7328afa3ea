#include "gradcam/map/method.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace apatite::gradcam {
namespace {

constexpr std::array kMethods{
    MethodInfo{Method::kGradCam, "gradcam",
               "sum_k mean(g_k) A_k: Grad-CAM, Selvaraju et al., ICCV 2017", true},
    MethodInfo{Method::kGradCamPlusPlus, "gradcam++",
               "sum_k w_k A_k, w_k of second and third derivatives: Chattopadhay et al., WACV 2018",
               true},
    MethodInfo{Method::kHiResCam, "hirescam",
               "sum_k g_k A_k cell by cell: HiResCAM, Draelos and Carin, 2020", true},
    MethodInfo{Method::kLayerCam, "layercam",
               "sum_k max(g_k, 0) A_k cell by cell: LayerCAM, Jiang et al., IEEE TIP 2021", true},
    MethodInfo{Method::kScoreCam, "scorecam",
               "sum_k softmax(score of the image masked by A_k) A_k: Wang et al., CVPRW 2020",
               true},
    MethodInfo{Method::kGradient, "gradient",
               "max_c |dS/dx_c|: Simonyan, Vedaldi, Zisserman, ICLR workshop 2014", false},
    MethodInfo{Method::kSmoothGrad, "smoothgrad",
               "the mean gradient of noisy images: Smilkov et al., 2017", false},
    MethodInfo{
        Method::kIntegratedGradients, "integrated-gradients",
        "sum_c x_c times the mean gradient on the way from 0: Sundararajan et al., ICML 2017",
        false},
};

void check_range(std::string_view what, std::int64_t value, std::int64_t most) {
  if (value >= 1 && value <= most) return;
  throw Error(ErrorKind::kUsage, what, to_text(value) + " is not possible",
              "pass 1 to " + to_text(most));
}

}  // namespace

std::span<const MethodInfo> methods() { return kMethods; }

const MethodInfo& info_of(Method method) {
  return *std::find_if(kMethods.begin(), kMethods.end(),
                       [&](const MethodInfo& info) { return info.method == method; });
}

Method find_method(std::string_view name) {
  std::vector<std::string> names;
  for (const MethodInfo& info : kMethods) {
    if (info.name == name) return info.method;
    names.emplace_back(info.name);
  }
  throw Error(ErrorKind::kUsage, "method", "there is no " + quote(name), "one of " + join(names));
}

void check_settings(const MethodSettings& settings) {
  check_range("path steps", settings.path_steps, 4096);
  check_range("smooth samples", settings.smooth_samples, 4096);
  check_range("batch", settings.batch, 4096);
  if (settings.smooth_noise > 0 && settings.smooth_noise <= 10) return;
  throw Error(ErrorKind::kUsage, "smooth noise",
              to_text(settings.smooth_noise) + " is not possible",
              "pass a number above 0, up to 10");
}

}  // namespace apatite::gradcam
