#include "layers/sigmoid.h"

#include "base/math.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::layers {

double sigmoid(float logit) {
  const engine::FpEnvironment environment;
  return logistic(logit);
}

}  // namespace apatite::layers
