// The evaluation from counts alone: parse_counts() and evaluate_counts().
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "eval/evaluation.h"
#include "eval/statistics/metric_definitions.h"

namespace apatite::eval {

CountedModel parse_counts(std::string_view text) {
  CountedModel model;
  const std::size_t equals = text.rfind('=');
  model.name = std::string(text.substr(0, equals == text.npos ? 0 : equals));
  std::string_view rest = equals == text.npos ? text : text.substr(equals + 1);
  const std::array<std::int64_t*, 4> cells{&model.tp, &model.fn, &model.fp, &model.tn};
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  bool good = equals != 0;
  for (std::size_t i = 0; i < cells.size() && good; ++i) {
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *cells[i]);
    const auto used = static_cast<std::size_t>(end - rest.data());
    good = error == std::errc() && *cells[i] >= 0 && *cells[i] <= kMost &&
           (i < 3 ? used < rest.size() && rest[used] == ',' : used == rest.size());
    rest.remove_prefix(std::min(used + 1, rest.size()));
  }
  if (!good) {
    throw Error(ErrorKind::kUsage, "counts", "'" + std::string(text) + "' is not a list of counts",
                "write TP,FN,FP,TN or NAME=TP,FN,FP,TN, whole numbers of 0 or more");
  }
  if (model.tp + model.fn + model.fp + model.tn == 0) {
    throw Error(ErrorKind::kUsage, "counts", "'" + std::string(text) + "' holds no case");
  }
  return model;
}

Evaluation evaluate_counts(const std::vector<CountedModel>& models,
                           const EvaluationOptions& options) {
  Evaluation evaluation;
  evaluation.options = options;
  evaluation.options.clustered = false;
  for (const CountedModel& counted : models) {
    ModelEvaluation model;
    model.name = counted.name.empty()
                     ? "model " + to_text(static_cast<std::int64_t>(evaluation.models.size() + 1))
                     : counted.name;
    model.confusion = confusion_of_counts(counted.tp, counted.fn, counted.fp, counted.tn);
    model.metrics = confusion_metrics(*model.confusion, options.confusion);
    sort_by_definition(model.metrics);
    evaluation.models.push_back(std::move(model));
  }
  return evaluation;
}

}  // namespace apatite::eval
