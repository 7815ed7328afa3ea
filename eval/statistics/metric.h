// A number of the evaluation with its interval, or the reason why there is none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "eval/statistics/confidence_interval.h"

namespace apatite::eval {

// Never NaN and never a made-up 0: a metric without a value says why.
struct Metric {
  std::string_view id;  // of definitions.h
  std::optional<double> value;
  std::string undefined;  // why there is no value
  std::optional<ConfidenceInterval>
      interval;             // none: see no_interval, or the metric has no interval
  std::string method;       // of the interval
  std::string no_interval;  // why there is no interval though the metric has one
};

inline Metric undefined_metric(std::string_view id, std::string reason) {
  return {.id = id, .undefined = std::move(reason)};
}

}  // namespace apatite::eval
