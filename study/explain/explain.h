// Explains a network's decisions on a list of images: maps, pictures and a contact sheet.
//
// In the output folder:
//   explanations.csv   one row per image, model and map (explanation_columns())
//   index.html         a contact sheet, sortable, in one file
//   errors.csv         image,reason: those that could not be read; absent if there are none
//   maps/NUMBER-IMAGE.[MODEL.]METHOD.LAYER.npy    the map (binary32, C order)
//                                         .json   what it is, docs/gradcam.md
//                                         .png    over the source, at the source's resolution
//   maps/NUMBER-IMAGE.panel.png           source, maps and overlays in a row, if asked for
// NUMBER is the image's in the manifest, from 1; MODEL is there if there are several. The bytes
// depend on the images, weights, recipes, options and the arithmetic alone: not on batch, threads,
// workers or instruction set, nor on whether the run was killed and continued.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gradcam/map/method.h"
#include "study/explain/explained_model.h"
#include "study/run/run_options.h"
#include "study/run/run_summary.h"

namespace apatite::study {

// How many cells the .npy has: those of the layer; or sampled (gradcam/map/resample.h) at the
// pixels of the network's input or of the source.
enum class MapSize { kLayer, kInput, kSource };

struct ExplainOptions : RunOptions {
  std::vector<std::filesystem::path> weights;  // one or several models
  std::filesystem::path output;                // a folder; made if it is missing
  MapChoice maps{.methods = {gradcam::Method::kGradCam}, .layers = {}};
  std::string target = "predicted";  // study/explain/class_target.h
  gradcam::MethodSettings settings;
  bool keep_sign = false;  // of the .npy; else negative values are 0
  MapSize size = MapSize::kLayer;
  std::string colours = "viridis";  // gradcam/picture/colour_map.h
  double alpha = 0.6;               // gradcam/picture/render.h
  bool panel = false;
  std::int64_t thumbnails = 1000;  // of the first images, in index.html
};

struct ExplainSummary : RunSummary {
  std::int64_t maps = 0;
  std::int64_t without_evidence = 0;  // maps that are flat or nowhere positive
};

// What is done is kept in "explain.partial" in the output folder (study/run/journal.h): after a
// kill the same call continues there. `progress` is called on the caller's thread after every
// batch. Throws Error as predict (study/predict/predict.h) does, and kUsage for a layer, method,
// target or colours that do not exist.
ExplainSummary explain(const ExplainOptions& options, const ShowProgress& progress = {});

}  // namespace apatite::study
