// The curves of the plots, as few points as a page can show.
#pragma once

#include "eval/evaluation.h"

namespace apatite::eval {

// The band of the ROC curve: at each threshold Wilson intervals of sensitivity and specificity,
// each at the level sqrt(confidence), so that both hold together at `confidence`; of effective
// sizes where cases are clustered or weighted. It holds threshold by threshold, not for the whole
// curve at once.
Curves curves_of(const ScoredCases& cases, const Ranking& ranking,
                 const EvaluationOptions& options);

}  // namespace apatite::eval
