// The results as JSON (docs/metrics.md).
#pragma once

#include "base/json.h"
#include "eval/evaluation.h"

namespace apatite::eval {

Json metrics_json(const Evaluation& evaluation);

}  // namespace apatite::eval
