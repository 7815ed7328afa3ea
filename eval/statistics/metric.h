// A number of the evaluation with its interval, or the reason why there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eval/statistics/confidence_interval.h"

namespace apatite::eval {

// A value is never NaN and never a substitute 0: a metric without a value says why.
struct Metric {
  std::string_view id;  // of metric_definitions.h
  std::optional<double> value;
  std::string undefined;  // why there is no value
  std::optional<ConfidenceInterval>
      interval;             // empty: see no_interval, or metrics of this kind have none
  std::string method;       // method of the interval
  std::string no_interval;  // why this interval is missing
};

inline Metric undefined_metric(std::string_view id, std::string reason) {
  return {.id = id, .undefined = std::move(reason)};
}

}  // namespace apatite::eval
