// The figures of many images together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/statistics/confidence_interval.h"

namespace apatite::study {

// One map of one image.
struct MapFigures {
  std::string map;  // "gradcam at layer3.2.relu", "random", ...
  std::string state;
  std::vector<double> deletion;   // the class's probability after each step
  std::vector<double> insertion;  //
  double deletion_area = 0;
  double insertion_area = 0;
  std::optional<bool> hit;              // the pointing game, if a region is known
  std::optional<double> energy_inside;  //
};

struct ImageFigures {
  std::string image;
  std::string label;
  std::string patient;
  std::string target;
  double probability = 0;
  std::vector<MapFigures> maps;  // the same maps for every image, random ones last
  // Of every pair of maps that are not random, (0, 1), (0, 2), .., (1, 2), ..: none if undefined.
  std::vector<std::optional<double>> rank_correlation;
  std::vector<std::optional<double>> similarity;
};

// How alike a map stays to itself when the network's weights are lost stage by stage.
struct RandomisationFigures {
  std::string map;
  struct Stage {
    std::string name;
    std::vector<double> rank_correlation;  // of the images where it is defined
    std::vector<double> similarity;
    std::int64_t without_evidence = 0;  // maps that became flat or nowhere positive
  };
  std::vector<Stage> stages;
};

// A mean over images with its 95 % interval.
struct MeanEstimate {
  double mean = 0;
  eval::ConfidenceInterval interval;
};

// The interval lies between the 50th smallest and the 50th largest of 2000 bootstrap means
// (eval/statistics/resampling.h: UnitRule::kRemainder, PercentileRule::kOrderStatistic). The images
// of one patient are drawn together; an image without a patient is drawn on its own. `values` and
// `patients` have one element per image, at least one.
MeanEstimate bootstrap_mean(const std::vector<double>& values,
                            const std::vector<std::string>& patients, std::uint64_t seed);

// Compares the area of a method with that of its random map: `difference` is the interval of the
// method's area minus the random map's. `small_is_better` holds for deletion. The answer is "better
// than random", "worse than random", or "no better than random" where the interval contains 0.
std::string_view verdict(const eval::ConfidenceInterval& difference, bool small_is_better);

// The name of the random map that `map` is compared with. `input_methods`: names of maps of the
// input.
struct Report {
  std::vector<ImageFigures> images;
  std::vector<RandomisationFigures> randomisation;
  std::vector<std::string> random_of;  // for each map that is not random, the one beside it
  std::uint64_t seed = 1;
};

Json to_json(const Report& report);
// The same for a reader: one line per map.
std::string table_of(const Json& summary);

std::string faithfulness_csv(const Report& report);
std::string curves_csv(const Report& report);

// Mean curves over the fraction of pixels; `insertion` or deletion.
std::string curve_svg(const Report& report, bool insertion, const std::string& removal);
// Rank correlation over the stages.
std::string randomisation_svg(const Report& report);

}  // namespace apatite::study
