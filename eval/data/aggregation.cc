#include "eval/data/aggregation.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::eval {
namespace {

constexpr std::array<std::string_view, 3> kLevels{"image", "lesion", "patient"};
constexpr std::array<std::string_view, 3> kAggregations{"max", "mean", "any"};

template <class Enum, std::size_t kCount>
Enum parse(std::string_view what, std::string_view name,
           const std::array<std::string_view, kCount>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error(ErrorKind::kUsage, what, "there is none called '" + std::string(name) + "'",
                "there are: " + join(std::vector<std::string>(names.begin(), names.end())));
  }
  return static_cast<Enum>(found - names.begin());
}

// For each case the number of its unit. Units are numbered in the order of their first cases.
std::vector<std::size_t> units_of(const ScoreTable& table, AggregationLevel level) {
  std::unordered_map<std::uint64_t, std::size_t> numbers;
  std::vector<std::size_t> units;
  units.reserve(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto patient = static_cast<std::uint64_t>(table.patient.empty() ? 0 : table.patient[i]);
    const auto lesion =
        static_cast<std::uint64_t>(level == AggregationLevel::kLesion ? table.lesion[i] : 0);
    units.push_back(numbers.emplace(patient << 32U | lesion, numbers.size()).first->second);
  }
  return units;
}

void check(const ScoreTable& table, AggregationLevel level) {
  const bool missing =
      level == AggregationLevel::kLesion ? table.lesion.empty() : table.patient.empty();
  if (missing) {
    throw Error(ErrorKind::kBadFile, table.where,
                "names no " + std::string(name_of(level)) + "s, which this level needs",
                "name the column: --" + std::string(name_of(level)) + " COLUMN");
  }
  if (!table.weight.empty()) {
    throw Error(ErrorKind::kUsage, "level",
                "weights of images have no meaning for a " + std::string(name_of(level)),
                "leave out one of the two");
  }
}

}  // namespace

std::string_view name_of(AggregationLevel level) {
  return kLevels.at(static_cast<std::size_t>(level));
}
std::string_view name_of(Aggregation aggregation) {
  return kAggregations.at(static_cast<std::size_t>(aggregation));
}
AggregationLevel parse_aggregation_level(std::string_view name) {
  return parse<AggregationLevel>("level", name, kLevels);
}
Aggregation parse_aggregation(std::string_view name) {
  return parse<Aggregation>("aggregation", name, kAggregations);
}

ScoreTable aggregate_cases(const ScoreTable& table, AggregationLevel level,
                           Aggregation aggregation) {
  if (level == AggregationLevel::kImage) return table;
  check(table, level);
  const std::vector<std::size_t> units = units_of(table, level);
  const std::size_t count = units.empty() ? 0 : *std::max_element(units.begin(), units.end()) + 1;

  ScoreTable result;
  result.where = table.where;
  result.positive_name = table.positive_name;
  result.negative_names = table.negative_names;
  result.file = table.file;
  result.patients = table.patients;
  result.positive.resize(count);
  if (!table.patient.empty()) result.patient.resize(count);
  std::vector<double> images(count);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::size_t unit = units[i];
    const bool is_first = images[unit]++ == 0;
    if (!is_first && level == AggregationLevel::kLesion &&
        result.positive[unit] != table.positive[i]) {
      throw Error(ErrorKind::kBadFile, table.where,
                  "the lesion " + quote(table.lesions.name(table.lesion[i])) + " has both labels",
                  "give all images of a lesion its label");
    }
    result.positive[unit] = result.positive[unit] | table.positive[i];
    if (!table.patient.empty()) result.patient[unit] = table.patient[i];
  }
  for (const ModelScores& model : table.models) {
    std::vector<double> scores(count);
    std::vector<std::uint8_t> seen(count);
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::size_t unit = units[i];
      const double score = model.scores[i];
      if (seen[unit] == 0) {
        scores[unit] = score;
      } else if (aggregation == Aggregation::kMean) {
        scores[unit] += score;
      } else {
        scores[unit] = std::max(scores[unit], score);
      }
      seen[unit] = 1;
    }
    if (aggregation == Aggregation::kMean) {
      for (std::size_t unit = 0; unit < count; ++unit) scores[unit] /= images[unit];
    }
    result.models.push_back({model.name, model.column, std::move(scores)});
  }
  return result;
}

}  // namespace apatite::eval
