// Measures, over a list of images, whether maps show what the network's decisions rest on.
//
// In the output folder:
//   faithfulness.csv    one row per image and map (maps_columns())
//   faithfulness.json   the summary: means with intervals, compared with random maps;
//   docs/gradcam.md curves.csv          the mean deletion and insertion curves deletion.svg,
//   insertion.svg, randomisation.svg errors.csv          image,reason: images that could not be
//   read; absent if there are none
//
// Every map is compared with a random one that is drawn in the same way. "random" has random cells
// at the size of the layer, and is brought to the size of the input like every map of that layer.
// "random-pixels" has random pixels, for methods of the input. The summary says of each method
// whether it does better than its random map.
//
// The bytes depend only on the images, the weights, the recipe, the options and the arithmetic.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gradcam/map/method.h"
#include "gradcam/trust/removal.h"
#include "study/explain/explained_model.h"
#include "study/run/run_options.h"
#include "study/run/run_summary.h"

namespace apatite::study {

struct FaithfulnessOptions : RunOptions {
  FaithfulnessOptions() { batch = 32; }  // masked variants of one image

  std::filesystem::path weights;  // `images` may be a manifest with boxes or masks of known regions
  std::filesystem::path output;   // a folder; made if it is missing
  MapChoice maps;
  std::string target = "predicted";  // study/explain/class_target.h
  gradcam::MethodSettings settings;
  gradcam::Removal removal = gradcam::Removal::kBlur;
  std::int64_t steps = 20;          // of the deletion and insertion curves
  std::int64_t tolerance = 0;       // for the pointing game, in pixels of the source
  std::int64_t random_images = 16;  // the first ones, for the randomisation check; 0: none
  std::int64_t random_stages = 6;   // of its cascade, at most
};

struct FaithfulnessSummary : RunSummary {
  std::string table;  // the summary as text; every line ends in '\n'
};

// What is done is kept in "faithfulness.partial" in the output folder: after a kill the same call
// continues there. Throws Error as explain (study/explain/explain.h) does.
FaithfulnessSummary faithfulness(const FaithfulnessOptions& options,
                                 const ShowProgress& progress = {});

}  // namespace apatite::study
