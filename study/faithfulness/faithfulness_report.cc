#include "study/faithfulness/faithfulness_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/csv.h"
#include "base/svg_plot.h"
#include "base/text.h"
#include "eval/statistics/resampling.h"

namespace apatite::study {
namespace {

constexpr std::size_t kResamples = 2000;
constexpr double kConfidence = 0.95;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Json to_json(const MeanEstimate& estimate) {
  return {
      {"mean", estimate.mean}, {"low", estimate.interval.low}, {"high", estimate.interval.high}};
}

std::size_t maps_of(const Report& report) { return report.images.at(0).maps.size(); }

std::vector<std::string> patients_of(const Report& report) {
  std::vector<std::string> patients;
  for (const ImageFigures& image : report.images) patients.push_back(image.patient);
  return patients;
}

std::vector<double> values_of(const Report& report, std::size_t map, double MapFigures::*area) {
  std::vector<double> values;
  for (const ImageFigures& image : report.images) values.push_back(image.maps[map].*area);
  return values;
}

std::size_t index_of(const Report& report, const std::string& map) {
  const auto& maps = report.images[0].maps;
  const auto found =
      std::find_if(maps.begin(), maps.end(), [&](const MapFigures& m) { return m.map == map; });
  return static_cast<std::size_t>(found - maps.begin());
}

// The area of one map, and of the random one beside it.
Json area_json(const Report& report, std::size_t map, double MapFigures::*area,
               bool small_is_better) {
  const std::vector<std::string> patients = patients_of(report);
  const std::vector<double> own = values_of(report, map, area);
  Json json = to_json(bootstrap_mean(own, patients, report.seed));
  if (map >= report.random_of.size()) return json;
  const std::vector<double> random =
      values_of(report, index_of(report, report.random_of[map]), area);
  std::vector<double> difference;
  for (std::size_t i = 0; i < own.size(); ++i) difference.push_back(own[i] - random[i]);
  const MeanEstimate estimate = bootstrap_mean(difference, patients, report.seed);
  json["less_random"] = to_json(estimate);
  json["verdict"] = verdict(estimate.interval, small_is_better);
  return json;
}

Json pointing_json(const Report& report, std::size_t map) {
  std::int64_t known = 0;
  std::int64_t hits = 0;
  double energy = 0;
  for (const ImageFigures& image : report.images) {
    if (!image.maps[map].hit) continue;
    ++known;
    hits += *image.maps[map].hit ? 1 : 0;
    energy += *image.maps[map].energy_inside;
  }
  if (known == 0) return nullptr;
  const auto n = static_cast<double>(known);
  return {{"images", known},
          {"hits", hits},
          {"accuracy", static_cast<double>(hits) / n},
          {"energy_inside", energy / n}};
}

Json map_json(const Report& report, std::size_t map) {
  std::int64_t without_evidence = 0;
  for (const ImageFigures& image : report.images) {
    without_evidence += image.maps[map].state == "positive" ? 0 : 1;
  }
  return {{"map", report.images[0].maps[map].map},
          {"without_evidence", without_evidence},
          {"deletion", area_json(report, map, &MapFigures::deletion_area, true)},
          {"insertion", area_json(report, map, &MapFigures::insertion_area, false)},
          {"pointing", pointing_json(report, map)}};
}

// The mean of what is defined; null where nothing is.
Json mean_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  return mean_of(values);
}

Json agreement_json(const Report& report) {
  Json pairs = Json::array();
  const auto& maps = report.images[0].maps;
  std::size_t pair = 0;
  for (std::size_t a = 0; a < report.random_of.size(); ++a) {
    for (std::size_t b = a + 1; b < report.random_of.size(); ++b, ++pair) {
      std::vector<double> ranks;
      std::vector<double> similarity;
      for (const ImageFigures& image : report.images) {
        if (image.rank_correlation[pair]) ranks.push_back(*image.rank_correlation[pair]);
        if (image.similarity[pair]) similarity.push_back(*image.similarity[pair]);
      }
      pairs.push_back({{"maps", {maps[a].map, maps[b].map}},
                       {"rank_correlation", mean_json(ranks)},
                       {"ssim", mean_json(similarity)},
                       {"images", ranks.size()}});
    }
  }
  return pairs;
}

Json randomisation_json(const Report& report) {
  Json maps = Json::array();
  for (const RandomisationFigures& figures : report.randomisation) {
    Json stages = Json::array();
    for (const auto& stage : figures.stages) {
      stages.push_back({{"down_to", stage.name},
                        {"rank_correlation", mean_json(stage.rank_correlation)},
                        {"ssim", mean_json(stage.similarity)},
                        {"images", stage.rank_correlation.size()},
                        {"without_evidence", stage.without_evidence}});
    }
    maps.push_back({{"map", figures.map}, {"stages", std::move(stages)}});
  }
  return maps;
}

// The mean over the images, step by step.
std::vector<double> mean_curve(const Report& report, std::size_t map,
                               std::vector<double> MapFigures::*curve) {
  std::vector<double> mean((report.images[0].maps[map].*curve).size(), 0.0);
  for (const ImageFigures& image : report.images) {
    const std::vector<double>& values = image.maps[map].*curve;
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += values[i];
  }
  for (double& value : mean) value /= static_cast<double>(report.images.size());
  return mean;
}

double fraction(std::size_t step, std::size_t points) {
  return static_cast<double>(step) / static_cast<double>(points - 1);
}

PlotStyle style_of(const Report& report, std::size_t map) {
  PlotStyle style;
  const bool random = map >= report.random_of.size();
  style.color = random ? "#555555" : std::string(plot_color(map));
  if (random) {
    style.dash = map == report.random_of.size() ? "6,4" : "2,3";
  } else if (map >= 7) {
    style.dash = "8,3";
  }
  return style;
}

// Thousandths, for a table.
std::string thousandths(double value) {
  const bool negative = value < 0;
  const auto scaled = std::int64_t{std::llround(std::abs(value) * 1000)};
  std::string digits = to_text(scaled % 1000);
  digits.insert(0, 3 - digits.size(), '0');
  return (negative && scaled > 0 ? "-" : "") + to_text(scaled / 1000) + "." + digits;
}

}  // namespace

MeanEstimate bootstrap_mean(const std::vector<double>& values,
                            const std::vector<std::string>& patients, std::uint64_t seed) {
  // Clusters, in the order of their first images.
  std::map<std::string, std::size_t> known;
  std::vector<double> sums;
  std::vector<double> counts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t cluster = sums.size();
    if (!patients[i].empty()) cluster = known.emplace(patients[i], cluster).first->second;
    if (cluster == sums.size()) {
      sums.push_back(0);
      counts.push_back(0);
    }
    sums[cluster] += values[i];
    counts[cluster] += 1;
  }
  std::vector<double> means;
  for (std::size_t r = 0; r < kResamples; ++r) {
    eval::Resample<eval::UnitRule::kRemainder> resample(seed, r);
    double sum = 0;
    double count = 0;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const std::size_t drawn = resample.next(sums.size());
      sum += sums[drawn];
      count += counts[drawn];
    }
    means.push_back(sum / count);
  }
  return {.mean = mean_of(values),
          .interval = eval::percentile_interval(std::move(means), kConfidence,
                                                eval::PercentileRule::kOrderStatistic)};
}

std::string_view verdict(const eval::ConfidenceInterval& difference, bool small_is_better) {
  if (difference.low <= 0 && difference.high >= 0) return "no better than random";
  return (difference.high < 0) == small_is_better ? "better than random" : "worse than random";
}

Json to_json(const Report& report) {
  Json maps = Json::array();
  for (std::size_t map = 0; map < maps_of(report); ++map) maps.push_back(map_json(report, map));
  double probability = 0;
  for (const ImageFigures& image : report.images) probability += image.probability;
  return {{"images", report.images.size()},
          {"mean_probability", probability / static_cast<double>(report.images.size())},
          {"maps", std::move(maps)},
          {"agreement", agreement_json(report)},
          {"randomisation", randomisation_json(report)}};
}

std::string table_of(const Json& summary) {
  std::string text = "map: area under deletion (small is good), under insertion (large is good)\n";
  std::size_t width = 0;
  for (const Json& map : summary.at("maps")) {
    width = std::max(width, map.at("map").get_ref<const std::string&>().size());
  }
  for (const Json& map : summary.at("maps")) {
    std::string name = map.at("map").get<std::string>();
    name.resize(width + 2, ' ');
    text += name;
    for (const char* kind : {"deletion", "insertion"}) {
      const Json& area = map.at(kind);
      text += thousandths(area.at("mean").get<double>());
      if (area.contains("verdict")) text += " " + area.at("verdict").get<std::string>();
      text += kind == std::string_view("deletion") ? ", " : "\n";
    }
  }
  return text;
}

std::string faithfulness_csv(const Report& report) {
  std::string text = csv_line(
      std::vector<std::string>{"image", "label", "patient", "class", "probability", "map", "state",
                               "deletion_area", "insertion_area", "pointing_hit", "energy_inside"});
  for (const ImageFigures& image : report.images) {
    for (const MapFigures& map : image.maps) {
      text += csv_line(std::vector<std::string>{
          image.image, image.label, image.patient, image.target, to_text(image.probability),
          map.map, map.state, to_text(map.deletion_area), to_text(map.insertion_area),
          map.hit ? std::string(*map.hit ? "1" : "0") : std::string(),
          map.energy_inside ? to_text(*map.energy_inside) : std::string()});
    }
  }
  return text;
}

std::string curves_csv(const Report& report) {
  std::string text = csv_line(std::vector<std::string>{"map", "fraction", "deletion", "insertion"});
  for (std::size_t map = 0; map < maps_of(report); ++map) {
    const std::vector<double> deletion = mean_curve(report, map, &MapFigures::deletion);
    const std::vector<double> insertion = mean_curve(report, map, &MapFigures::insertion);
    for (std::size_t i = 0; i < deletion.size(); ++i) {
      text += csv_line(std::vector<std::string>{report.images[0].maps[map].map,
                                                to_text(fraction(i, deletion.size())),
                                                to_text(deletion[i]), to_text(insertion[i])});
    }
  }
  return text;
}

std::string curve_svg(const Report& report, bool insertion, const std::string& removal) {
  SvgPlot plot(insertion ? "Insertion: the higher the better" : "Deletion: the lower the better",
               linear_axis(0, 1, 5,
                           insertion ? "part of the pixels put in (others: " + removal + ")"
                                     : "part of the pixels removed (by " + removal + ")"),
               linear_axis(0, 1, 5, "mean probability of the class"));
  for (std::size_t map = 0; map < maps_of(report); ++map) {
    const std::vector<double> mean =
        mean_curve(report, map, insertion ? &MapFigures::insertion : &MapFigures::deletion);
    std::vector<PlotPoint> points;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      points.push_back({fraction(i, mean.size()), mean[i]});
    }
    const PlotStyle style = style_of(report, map);
    plot.line(points, style);
    const std::vector<double> areas = values_of(
        report, map, insertion ? &MapFigures::insertion_area : &MapFigures::deletion_area);
    plot.legend(report.images[0].maps[map].map + ": area " + thousandths(mean_of(areas)), style);
  }
  return plot.svg();
}

std::string randomisation_svg(const Report& report) {
  const auto& stages = report.randomisation.at(0).stages;
  const auto count = static_cast<double>(stages.size());
  PlotAxis x = linear_axis(0, count, static_cast<int>(stages.size()),
                           "stages of random weights, from the logits down");
  SvgPlot plot("Randomisation: a map that stays does not show the decision", x,
               linear_axis(-1, 1, 4, "rank correlation with the true map"));
  for (std::size_t map = 0; map < report.randomisation.size(); ++map) {
    const RandomisationFigures& figures = report.randomisation[map];
    std::vector<PlotPoint> points{{0, 1}};
    for (std::size_t i = 0; i < figures.stages.size(); ++i) {
      const std::vector<double>& ranks = figures.stages[i].rank_correlation;
      if (!ranks.empty()) points.push_back({static_cast<double>(i + 1), mean_of(ranks)});
    }
    const PlotStyle style = style_of(report, map);
    plot.line(points, style);
    plot.points(points, style);
    plot.legend(figures.map, style);
  }
  return plot.svg();
}

}  // namespace apatite::study
