#include "base/error.h"
#include "base/text.h"
#include "models/family.h"
#include "weights/conversion/convert.h"

namespace apatite::weights {

Json default_recipe(const models::ModelConfig& model) {
  Json recipe{{"recipe", 1}, {"channels", model.input_channels}, {"divide_by", "max"}};
  recipe["steps"] = models::family_of(model.architecture).usual_steps(model);
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
