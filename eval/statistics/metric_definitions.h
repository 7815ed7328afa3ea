// What each metric is: the words of metrics.json and docs/metrics.md.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "eval/statistics/metric.h"

namespace apatite::eval {

struct MetricDefinition {
  std::string_view id;
  std::string_view name;  // in tables
  std::string_view formula;
  std::string_view source;
};

// In the order of every output.
std::span<const MetricDefinition> metric_definitions();
// `id` must be one of them.
const MetricDefinition& definition_of(std::string_view id);

// Sorts metrics in the order of the definitions, whatever order they were computed in.
void sort_by_definition(std::vector<Metric>& metrics);

}  // namespace apatite::eval
