#include "study/faithfulness/figures_record.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/text.h"

namespace apatite::study {
namespace {

std::string numbers_text(const std::vector<double>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const double value : values) texts.push_back(to_text(value));
  return join(texts, " ");
}

std::vector<double> parse_numbers(const std::string& text) {
  std::vector<double> values;
  for (const char* at = text.data(); at < text.data() + text.size(); ++at) {
    double& value = values.emplace_back();
    at = std::from_chars(at, text.data() + text.size(), value).ptr;
  }
  return values;
}

std::string optional_text(const std::optional<double>& value) {
  return value ? to_text(*value) : std::string("-");
}

std::vector<std::optional<double>> parse_optional_numbers(const std::string& text) {
  std::vector<std::optional<double>> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    values.push_back(word == "-" ? std::nullopt : std::optional(parse_numbers(word)[0]));
    at = end + 1;
  }
  return values;
}

}  // namespace

std::string record_of(const ImageFigures& figures) {
  std::vector<std::string> ranks;
  std::vector<std::string> similarity;
  for (const auto& value : figures.rank_correlation) ranks.push_back(optional_text(value));
  for (const auto& value : figures.similarity) similarity.push_back(optional_text(value));
  std::string text =
      csv_line(std::vector<std::string>{figures.target, to_text(figures.probability),
                                        join(ranks, " "), join(similarity, " "), "", "", "", ""});
  for (const MapFigures& map : figures.maps) {
    text += csv_line(std::vector<std::string>{
        map.map, map.state, numbers_text(map.deletion), numbers_text(map.insertion),
        to_text(map.deletion_area), to_text(map.insertion_area),
        map.hit ? std::string(*map.hit ? "1" : "0") : std::string(),
        map.energy_inside ? to_text(*map.energy_inside) : std::string()});
  }
  return text;
}

ImageFigures figures_of_record(const std::string& text, const ManifestEntry& entry) {
  CsvReader reader(text, "journal");
  const std::vector<std::string> head = reader.next()->fields;
  ImageFigures figures{.image = entry.image,
                       .label = entry.label,
                       .patient = entry.patient,
                       .target = head[0],
                       .probability = parse_numbers(head[1]).at(0),
                       .rank_correlation = parse_optional_numbers(head[2]),
                       .similarity = parse_optional_numbers(head[3])};
  while (const auto row = reader.next()) {
    const std::vector<std::string>& fields = row->fields;
    MapFigures map{.map = fields[0],
                   .state = fields[1],
                   .deletion = parse_numbers(fields[2]),
                   .insertion = parse_numbers(fields[3]),
                   .deletion_area = parse_numbers(fields[4]).at(0),
                   .insertion_area = parse_numbers(fields[5]).at(0)};
    if (!fields[6].empty()) map.hit = fields[6] == "1";
    if (!fields[7].empty()) map.energy_inside = parse_numbers(fields[7]).at(0);
    figures.maps.push_back(std::move(map));
  }
  return figures;
}

}  // namespace apatite::study
