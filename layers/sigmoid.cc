#include "layers/sigmoid.h"

#include "base/math.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::layers {

double sigmoid(float logit) {
  const engine::FpEnvironment environment;
  const double x = logit;
  if (x < 0) {
    const double e = exponential(x);
    return e / (1 + e);
  }
  return 1 / (1 + exponential(-x));
}

}  // namespace apatite::layers
