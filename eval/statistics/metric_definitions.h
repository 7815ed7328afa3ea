// What each metric is: the words of metrics.json and docs/metrics.md.
#pragma once

#include <span>
#include <string_view>

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

}  // namespace apatite::eval
