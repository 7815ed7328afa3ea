// The curves of the plots, with no more points than a page can show.
#pragma once

#include "eval/evaluation.h"

namespace apatite::eval {

// The band of the ROC curve joins, at each threshold, Wilson intervals of sensitivity and
// specificity. Each has the level sqrt(confidence), so that both hold together at `confidence`.
// Where cases are clustered or weighted they use effective sizes. The band is valid for each
// threshold by itself, not for the whole curve at once. `ranking` is that of `cases`.
Curves curves_of(const LabelledScores& cases, const Ranking& ranking,
                 const EvaluationOptions& options);

}  // namespace apatite::eval
