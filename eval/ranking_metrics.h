// The metrics that depend on the order of the scores: the AUC with its interval, the partial AUC
// and the average precision.
#pragma once

#include <string>

#include "eval/data/labelled_scores.h"
#include "eval/evaluation.h"

namespace apatite::eval {

// "no positives" or "no negatives"; empty if the cases have both classes.
std::string missing_class(double positives, double negatives);

// Appends the metrics to model.metrics and, for cases without weights, sets model.auc. Where a
// metric is undefined or has no interval, it says why. `ranking` is that of `cases`.
void add_ranking_metrics(ModelEvaluation& model, const LabelledScores& cases,
                         const Ranking& ranking, const EvaluationOptions& options);

}  // namespace apatite::eval
