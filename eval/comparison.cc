#include "eval/comparison.h"

#include <utility>

#include "base/error.h"
#include "eval/comparison_tests.h"

namespace apatite::eval {

ModelComparison compare_models(ScoreTable table, const ScoreTable* tuning,
                               const ComparisonOptions& options) {
  refuse_weights(table);
  if (table.models.size() < 2) {
    throw Error(ErrorKind::kUsage, table.where,
                "there is one model, and nothing to compare it with",
                "name two columns (--score) or two files");
  }
  ModelComparison result{.options = options};
  ScoreTable reported;
  result.evaluation = evaluate(std::move(table), tuning, options.evaluation, &reported);
  ComparisonTests tests(reported, result.evaluation, options);
  tests.add_all();
  result.tests = tests.taken();
  if (result.evaluation.clustered && result.evaluation.models.front().threshold) {
    result.evaluation.notes.emplace_back(
        "McNemar's and Cochran's tests take cases as independent and are left out; GEE takes the "
        "cases of a patient together");
  }
  adjust_p_values(result.tests);
  return result;
}

}  // namespace apatite::eval
