#include "eval/statistics/confidence_interval.h"

#include "base/error.h"
#include "base/text.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {

double normal_factor(double confidence) {
  if (!(confidence > 0 && confidence < 1)) {
    throw Error(ErrorKind::kUsage, "confidence", "it is " + to_text(confidence),
                "give a number between 0 and 1, such as 0.95");
  }
  return -normal_quantile(0.5 * (1 - confidence));
}

}  // namespace apatite::eval
