// Any bytes as a table of scores: metrics that are finite or say why not, or an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "eval/evaluation.h"
#include "eval/report/metrics_json.h"
#include "eval/report/metrics_plots.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace apatite;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  eval::ScoreColumns columns{.positive = "1", .scores = {"s"}};
  if ((data[0] & 1U) != 0) columns.weight = "w";
  if ((data[0] & 2U) != 0) columns.lesion = "l";
  eval::EvaluationOptions options;
  options.rule = eval::parse_threshold_rule("youden");
  options.from_test = true;
  options.curves = true;
  if ((data[0] & 4U) != 0) options.level = eval::AggregationLevel::kPatient;
  if ((data[0] & 2U) != 0) options.level = eval::AggregationLevel::kLesion;
  try {
    const eval::Evaluation evaluation =
        eval::evaluate(eval::parse_scores(text, "fuzz", columns), nullptr, options);
    for (const eval::Metric& metric : evaluation.models.at(0).metrics) {
      if (metric.value.has_value() == !metric.undefined.empty()) std::abort();
      if (metric.value && !std::isfinite(*metric.value)) std::abort();
      if (metric.interval && !(metric.interval->low <= metric.interval->high)) std::abort();
    }
    (void)to_text(eval::metrics_json(evaluation));
    (void)eval::metrics_plots(evaluation);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile && error.kind() != ErrorKind::kUsage) std::abort();
  }
  return 0;
}
